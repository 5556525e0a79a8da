import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from './worktree.ts';

/**
 * Reserves a name of this kind that nothing in this checkout has had, on any branch: `wanted`, else
 * `wanted-2`, `-3` ... A file in `state/names/<kind>/`, which belongs to no branch, keeps the name.
 */
export function newName(repo: string, kind: 'sprints' | 'runs', wanted: string): string {
  const folder = join(homeOf(repo), 'state', 'names', kind);
  mkdirSync(folder, { recursive: true });
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`;
    try {
      writeFileSync(join(folder, name), '', { flag: 'wx' });
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

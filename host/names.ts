import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from './worktree.ts';

/**
 * A name of this kind that nothing in this checkout has had, on whatever branch: `wanted`, or `wanted-2`,
 * `-3` ... It is taken by a file in `state/names/<kind>/`, which belongs to no branch.
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

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sweepsDir } from '../common/paths.ts';
import type { Summary } from '../ledger/references.ts';

const Listed = z.object({ runs: z.array(z.object({ run: z.string().nullable() })) });

/** The summaries of sweeps in `checkpoints/sweeps/`, with the runs that they list. */
export function sweepSummaries(repo: string): Summary[] {
  const folder = sweepsDir(repo);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    try {
      const { runs } = Listed.parse(JSON.parse(readFileSync(join(folder, name, 'summary.json'), 'utf8')));
      return [{ name, runs: runs.flatMap(({ run }) => run ?? []) }];
    } catch {
      return [];
    }
  });
}

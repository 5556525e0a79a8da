import { z } from 'zod';
import { Several } from './confirmed.ts';
import { Line } from './text.ts';
import { Outcome } from './verdict.ts';

/**
 * `sprints/began-from.json`, committed when a run branch begins with the workspace of an earlier night. The
 * ledger of the branch begins empty: these numbers are of another one.
 */
export const BeganFrom = z.object({
  version: z.literal(1),
  /** The run branch that began so. */
  branch: z.string(),
  /** What it began with, in words: `run/2026-02-19 (1234567ab)`. */
  from: Line,
  run: z.string().nullable(),
  /** The sprint of the run; of a run branch that of its best. */
  sprint: z
    .object({
      number: z.number().int(),
      title: Line,
      outcome: Outcome,
      leaderboard: z.string(),
      metric: z.string(),
    })
    .nullable(),
  /** The verified numbers that it had there. */
  metrics: z.record(z.string(), z.number()),
  /** What it gave on the secret worlds of that branch. */
  confirmed: Several.nullable(),
});
export type BeganFrom = z.infer<typeof BeganFrom>;

import { z } from 'zod';
import { Line } from './text.ts';
import { WorldName } from './world.ts';

/** A part of what was measured, as how many there are in it and the means of their numbers. */
export const Group = z.object({
  name: Line,
  count: z.number().int(),
  metrics: z.record(z.string(), z.number()),
});
export type Group = z.infer<typeof Group>;

/** A few cells more would be a table for a file of its own: what is beyond these is dropped. */
const MOST = { tables: 4, columns: 14, rows: 20, remarks: 4 };

/**
 * A small table of a verdict for people, such as the parts that went worst. Its columns are named as metrics
 * are.
 */
export const VerdictTable = z.object({
  name: Line,
  columns: z.array(Line).overwrite((columns) => columns.slice(0, MOST.columns)),
  rows: z
    .array(z.array(z.union([z.number(), Line])).overwrite((cells) => cells.slice(0, MOST.columns)))
    .overwrite((rows) => rows.slice(0, MOST.rows)),
});
export type VerdictTable = z.infer<typeof VerdictTable>;

/**
 * One measurement of one run by the judge. The judge prints it as its last line of standard output, as JSON.
 * `metrics` is in the deciding form (for SAEs: the training form, batches of 1024), `also` holds other forms
 * shown beside it (for SAEs: `inference`). The supervisor compares named fields and knows no more about them.
 */
export const Verdict = z.object({
  version: z.literal(1),
  run: z.string(),
  /** `verified`: on a world that the researcher may know; `confirmed`: on a secret one. */
  kind: z.enum(['verified', 'confirmed']),
  profile: z.string(),
  world: WorldName,
  /** The git tree of the workspace that the run was trained from, and that its encoder was run from. */
  tree: z.string(),
  /** The run whose weights it started with: such a verdict stands apart and makes no best. */
  from: z.string().optional(),
  /**
   * Named numbers of the deciding form (f1, mcc, l0, ...): those that the world's kind allows. Any of them
   * may be missing.
   */
  metrics: z.record(z.string(), z.number()),
  also: z.record(z.string(), z.record(z.string(), z.number())).default({}),
  /**
   * Where the numbers come from, for people: means by what parts the measured into groups, in the deciding
   * form. Absent in verdicts of earlier versions, and where it would show more than the metrics may.
   */
  groups: z.record(Line, z.array(Group)).optional(),
  /**
   * Single parts of what was measured, for people, as absent as `groups`. A sprint's record keeps those of
   * its candidate.
   */
  tables: z
    .array(VerdictTable)
    .overwrite((tables) => tables.slice(0, MOST.tables))
    .optional(),
  /**
   * What a reader should know of what was measured, one line each, such as whether it can be used elsewhere.
   * They decide nothing. Absent in verdicts of earlier versions.
   */
  remarks: z
    .array(Line)
    .overwrite((remarks) => remarks.slice(0, MOST.remarks))
    .optional(),
  /** What the supervisor's side counted itself: samples, width, normalisation rows. */
  observed: z.record(z.string(), z.number()),
  /** What only the trainer states: learning_rate. */
  declared: z.record(z.string(), z.number()),
  evaluation: z.object({
    samples: z.number().int(),
    /** Set where these are all rows there are, fewer than were asked for: no verdict can have more. */
    all: z.literal(true).optional(),
    batch: z.number().int(),
    /**
     * What the rows were drawn from: a key of at least 128 bits in hex, or a seed where one was asked for and
     * in verdicts of earlier versions.
     */
    key: z.string().optional(),
    seed: z.number().int().optional(),
  }),
  seconds: z.number(),
  at: z.string(),
});
export type Verdict = z.infer<typeof Verdict>;

/**
 * How a sprint ended. `held`: its gain is too good to be true, or could not be confirmed, and nothing of it
 * is kept until it is. `stacked`: its gain is too small to be confirmed by itself; it stays in the
 * workspace, and the next candidate is confirmed together with it.
 */
export const Outcome = z.enum([
  'new-best',
  'held',
  'stacked',
  'no-gain',
  'degenerate',
  'invalid',
  'failed',
  'interrupted',
]);
export type Outcome = z.infer<typeof Outcome>;

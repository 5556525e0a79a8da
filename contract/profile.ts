import { z } from 'zod';
import { Condition } from './condition.ts';
import { command, relativePath } from './task-words.ts';

const Series = z.strictObject({
  label: z.string(),
  /**
   * Published or calibrated points, drawn behind our own. Each has the field of `plots.against` and metrics,
   * by name.
   */
  points: z.array(z.record(z.string(), z.number())),
});

/** The budget of a full run was `count` in earlier TASK.md files. */
export const OLD_FULL = 'count';

function renamedBudget(budgets: unknown): unknown {
  if (typeof budgets !== 'object' || budgets === null || 'full' in budgets || !(OLD_FULL in budgets))
    return budgets;
  const { [OLD_FULL]: full, ...others } = budgets;
  return { ...others, full };
}
/** Rows of a batch where a profile says nothing else. */
export const DEFAULT_BATCH = 1024;

/**
 * How a verified gain is confirmed on secret worlds, where the task can draw them (`drawWorld`): candidate
 * and best are trained afresh there, in pairs on the same world and seed.
 */
const Confirm = z.strictObject({
  /** Training rows of such a run; unset: as many as the run had. */
  samples: z.number().int().positive().optional(),
  /** After how many pairs a candidate can be confirmed; after the last number it is over. */
  looks: z
    .array(z.number().int().positive())
    .min(1)
    .refine((looks) => looks.every((look, at) => look > (looks[at - 1] ?? 0)), 'must ascend')
    .default([3, 5, 8]),
  /** Fresh rows that the judge draws of such a world; unset: those of a verdict. */
  rows: z.number().int().positive().optional(),
  /** How many such runs share a single place of `devices`. Above 1, each has one thread. */
  sideBySide: z.number().int().positive().default(1),
  /** The share of a night that may go to confirming. */
  share: z.number().positive().max(1).default(0.15),
});
export type Confirm = z.infer<typeof Confirm>;

export const Profile = z.strictObject({
  /** What the serve and judge commands understand: a world's name, a JSON config or a folder. */
  world: z.string(),
  /** Fields of a verdict (observed first, then declared) that a full run must meet: {width: "==128"}. */
  constraints: z.record(z.string(), Condition).default({}),
  /**
   * What a run of this profile begins with where its experiment says nothing else: sizes, rates, whatever the
   * train command reads. It is handed over as JSON after `--settings`; the loop knows no more of it.
   */
  settings: z.record(z.string(), z.json()).optional(),
  /** Guards of this profile; they override those of the task. */
  guards: z.record(z.string(), Condition).default({}),
  /** Training rows of a full run, and of the two cheaper stages before it. */
  budgets: z.preprocess(
    renamedBudget,
    z.strictObject({
      screen: z.number().int().positive(),
      rank: z.number().int().positive(),
      full: z.number().int().positive(),
    }),
  ),
  /**
   * Rows of a batch of the data service. It serves whole batches, and a run that is resumed counts in them.
   */
  batch: z.number().int().positive().default(DEFAULT_BATCH),
  /** Rows that may be read beyond the budget, to estimate a norm before training. */
  normalisation: z.number().int().nonnegative().default(0),
  /**
   * Whether the budgets are stages. A rank run then needs a screen that beats the best's screen of the same
   * budget and seed beyond the noise, and a full run needs such a rank run. The last full run that fits is
   * kept for the best candidate; the loop starts it where nobody else does.
   */
  staged: z.boolean().default(false),
  /** Fresh rows that the judge draws: for a verdict, and for a snapshot during training. */
  evaluation: z.strictObject({ verdict: z.number().int().positive(), snapshot: z.number().int().positive() }),
  /**
   * One standard deviation of the difference of two runs of equal worth: a gain of the metric at or below it
   * is not a gain. A file that `npm run noise` writes has it by budget (`noiseOf`); a number holds for all.
   */
  noise: z.union([z.number().nonnegative(), relativePath], {
    error: 'must be a number that is not negative, or the path of a noise file inside the repository',
  }),
  /** Where a number comes from; a file says it itself. */
  noiseFrom: z.string().default('stated in TASK.md'),
  /** False: a verified gain moves the best, as in a task without secret worlds. */
  confirm: z.union([z.literal(false), Confirm]).prefault({}),
  /** A dashed line in the plots. */
  ceiling: z
    .strictObject({
      value: z.number(),
      label: z.string(),
      /** Whether honest runs are known to have passed it: then one that does is not held. */
      passed: z.boolean().default(false),
    })
    .nullable()
    .default(null),
  baselines: z.array(Series).default([]),
  /**
   * A command that exits 0 where this machine can run the profile, else prints one line on standard output
   * that says why not.
   */
  requires: command.optional(),
  /** A short run that tells the samples/s of this machine. */
  speedProbe: z.strictObject({ experiment: z.string(), samples: z.number().int().positive() }).optional(),
  /** A run that takes longer than this many seconds is ended. */
  timeout: z.number().positive().default(86_400),
});
export type Profile = z.infer<typeof Profile>;

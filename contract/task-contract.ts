import { z } from 'zod';
import { Condition } from './condition.ts';
import { Devices } from './devices.ts';
import { ExecutorChoice } from './executor.ts';
import { Profile } from './profile.ts';
import { command, relativePath } from './task-words.ts';
import { Transfer } from './transfer.ts';

/** Folders that hold what the workspace's code must not know: history, state, other runs and sprints. */
const HIDDEN = /^(\.\/)*(\.git|state|checkpoints|sprints|reports)(\/|$)/;

/** How the researcher may look into a run on the judge's side: a command, and the options that it may set. */
export const Inspection = z.strictObject({
  command,
  /** What it shows, in words for the researcher. */
  about: z.string().min(1),
  /** How often the researcher may look in one sprint: what it shows could be fitted to. */
  perSprint: z.number().int().positive().default(12),
  /**
   * The options that may be set; no others are passed on. `choices`: one of these words; `most`: a whole
   * number from 1 to this; `list`: up to this many whole numbers.
   */
  options: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be the long name of an option, without dashes'),
      z.union([
        z.strictObject({ about: z.string(), choices: z.array(z.string()).min(1) }),
        z.strictObject({ about: z.string(), most: z.number().int().positive() }),
        z.strictObject({ about: z.string(), list: z.number().int().positive() }),
      ]),
    )
    .default({}),
});
export type Inspection = z.infer<typeof Inspection>;

/** What secret worlds are called where the task has no other words. */
export const SECRET_WORLDS = { one: 'secret world', many: 'secret worlds', kind: 'of the same kind' };

const fields = {
  title: z.string().min(1),
  /** A sentence that every report carries: what these results do not show. */
  caveat: z.string().optional(),
  workspace: relativePath,
  /**
   * The files and folders of the repository, packages among them, that the workspace's code may read when it
   * trains, encodes or is checked. In the sandbox nothing else of the repository exists for it.
   */
  reads: z
    .array(
      relativePath.refine((path) => !HIDDEN.test(path), 'must not be a folder that the loop writes, or .git'),
    )
    .default([]),
  check: command,
  /**
   * The files and folders of the workspace that the check is made of. The loop takes them from the commit
   * that the run branch began with: a sprint cannot change what its candidate is checked by.
   */
  checkFiles: z.array(relativePath).default([]),
  train: command,
  serve: command.optional(),
  /**
   * How `serve` hands rows to `train`. `ring`: both know contract/stream.ts with its ring in shared memory,
   * whose descriptors are `serve --ring` and $LOOP_RING_FDS.
   */
  stream: z.enum(['pipe', 'ring']).default('pipe'),
  encode: command,
  judge: command,
  /**
   * Whether the judge knows `--ahead` (judge-ahead.ts): it may then be begun before its result is asked for,
   * and is given the key of its rows (`--eval-key`), so that a second judge of a run draws no others.
   */
  judgeAhead: z.boolean().default(false),
  /**
   * Draws a secret world of a profile's kind: `--profile NAME --out FOLDER`, the key in hex on standard
   * input. Its last line is JSON with the world's `hash`. `serve` and `judge` take the folder as `--world`.
   * Unset: the task has no secret worlds.
   */
  drawWorld: command.optional(),
  /**
   * Tells what runs depend on, from the code that they were trained from: a digest for each, so that a run is
   * used again where nothing that it depends on has changed. Unset: a run depends on the whole workspace.
   */
  fingerprint: command.optional(),
  inspect: Inspection.optional(),
  /**
   * Prints what each of two runs has learned that the other lacks, for people: two run folders, and
   * `--sandbox auto|off`. Unset: `npm run compare` shows settings, numbers and curves alone.
   */
  compare: command.optional(),
  /**
   * What the worlds of `drawWorld` are called, one and several, and what they are: "of the same kind".
   */
  secret: z
    .strictObject({ one: z.string().min(1), many: z.string().min(1), kind: z.string().min(1) })
    .default(SECRET_WORLDS),
  /** How `npm run transfer` tries recipes of this task on other data. Unset: it cannot. */
  transfer: Transfer.optional(),
  /** A local server that speaks the Messages API and stands in for Claude where there is no key. */
  replay: command.optional(),
  metric: z.string().min(1),
  goal: z.enum(['max', 'min']),
  guards: z.record(z.string(), Condition).default({}),
  /**
   * Numbers in the metric's direction in which a gain of the metric has to show as well, beyond the same
   * noise.
   */
  gains: z.array(z.string()).default([]),
  /**
   * What is too good to be true: a gain of a verdict that meets one of these is held, and not kept, until it
   * is confirmed. So is a metric beyond the profile's ceiling by more than the noise, unless honest runs have
   * passed that.
   */
  tooGood: z.record(z.string(), Condition).default({}),
  also: z.array(z.string()).default([]),
  /** What reports draw beside the metric over sprints. */
  plots: z
    .strictObject({
      /** Numbers of the trainer's log to draw over training; none named: the first two that it logs. */
      curves: z.array(z.string()).default([]),
      /** The number of a verdict that the metrics are drawn against, and the title of its axis. */
      against: z.strictObject({ field: z.string(), label: z.string() }).optional(),
    })
    .prefault({}),
  /**
   * What each form of a verdict is called in reports: `deciding` for its `metrics`, other keys as in its
   * `also`.
   */
  forms: z.record(z.string(), z.string()).optional(),
  start: z
    .strictObject({
      /** What `--start baseline` removes from the workspace, so that improvements are left to find. */
      baseline: z.strictObject({ remove: z.array(relativePath) }),
    })
    .optional(),
  /** Where training runs happen. Only the user's TASK.md says it. */
  executor: ExecutorChoice.prefault('local'),
  /** How many runs train at a time, and on which GPUs. Unset: one. */
  devices: Devices.optional(),
  limits: z.strictObject({
    usd: z.number().positive(),
    hours: z.number().positive(),
    sprints: z.number().int().positive().nullable().default(null),
    /**
     * Limits of one sprint. When one is reached, the researcher is told and has a few turns to close the
     * sprint; then the loop closes it.
     */
    sprint: z
      .strictObject({
        usd: z.number().positive().nullable().default(null),
        hours: z.number().positive().nullable().default(null),
        turns: z.number().int().positive().default(200),
      })
      .prefault({}),
    /**
     * The number of sprints without a verified gain after which the prompt asks for another direction
     * (`warn`), and after which the loop stops (`stop`).
     */
    stagnation: z.strictObject({ warn: z.number().int().positive(), stop: z.number().int().positive() }),
  }),
  model: z.strictObject({
    name: z.string(),
    /**
     * The model that is asked where the first one refuses; null: none. Unset: the next cheaper model that has
     * a price.
     */
    fallback: z.string().nullable().optional(),
    effort: z.string().default('high'),
    maxTokens: z.number().int().positive(),
    /**
     * Seconds without any event of a stream (pings included) after which the call is given up and made again.
     * During long thinking only pings arrive.
     */
    stallSeconds: z.number().positive().default(300),
  }),
  profiles: z
    .record(z.string(), Profile)
    .refine((p) => Object.keys(p).length > 0, 'needs at least one profile'),
  /**
   * The profile of the replay, and of commands by hand that name none. Unset: the first that requires
   * nothing. Claude gets the first whose requirement is met, else the first that requires nothing.
   */
  defaultProfile: z.string().optional(),
};
export const TaskContract = z
  .strictObject(fields)
  .refine(({ profiles, defaultProfile: name }) => name === undefined || Object.hasOwn(profiles, name), {
    path: ['defaultProfile'],
    error: 'is none of the profiles',
  });
export type TaskContract = z.infer<typeof TaskContract>;

import { existsSync, readFileSync } from 'node:fs';
import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Condition } from './condition.ts';
import { Devices } from './devices.ts';
import { UserError } from './errors.ts';
import { ExecutorChoice } from './executor.ts';
import { Transfer } from './transfer.ts';

const command = z.string().trim().min(1, 'must be a command line');
const relativePath = z
  .string()
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'must be a path inside the repository, without ".."');

/** Folders that hold what the workspace's code must not know: history, state, other runs and sprints. */
const HIDDEN = /^(\.\/)*(\.git|state|checkpoints|sprints|reports)(\/|$)/;

const Series = z.strictObject({
  label: z.string(),
  /**
   * Published or calibrated points, drawn behind our own. Each has the field of `plots.against` and metrics,
   * by name.
   */
  points: z.array(z.record(z.string(), z.number())),
});

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

/** The budget of a full run was `count` in earlier TASK.md files. */
const OLD_FULL = 'count';

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
   * Whether the judge knows `--ahead` (judge-ahead.ts): it may then be begun before its result is asked for.
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

/** A task as read: the contract of the front matter, and the brief (Markdown) that the researcher reads. */
export interface Task {
  path: string;
  contract: TaskContract;
  brief: string;
  /**
   * The line of the file where a field stands, or where it would be added; unset in a task that was read from
   * no file.
   */
  lineOf?(keys: readonly PropertyKey[]): number;
  /** It is not the TASK.md of the repository: services of its runs are told where it lies. */
  elsewhere?: true;
  /** A line for each field that is still read under its old name. */
  renamed?: readonly string[];
}

/**
 * Reads TASK.md: YAML front matter between `---` lines, then the brief.
 * @throws UserError naming file, line and field of every problem found.
 */
export function readTask(path: string): Task {
  if (!existsSync(path)) throw new UserError(`${path}: not found; a task needs its TASK.md`);
  const text = readFileSync(path, 'utf8');
  const match = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text);
  const front = match?.[1];
  if (!match || front === undefined)
    throw new UserError(
      `${path}:1: front matter is missing; the file must begin with "---", the contract and "---"`,
    );
  const lines = new LineCounter();
  const document = parseDocument(front, { lineCounter: lines });
  const [first] = document.errors;
  if (first) {
    const [words = ''] = first.message.split('\n');
    throw new UserError(
      `${path}:${lines.linePos(first.pos[0]).line + 1}: ${words.replace(/ at line \d+, column \d+:?$/, '')}`,
    );
  }
  const lineOf = (keys: readonly PropertyKey[]): number => {
    // The nearest enclosing key that exists in the file: a missing field is reported where it belongs.
    for (let depth = keys.length; depth > 0; depth--) {
      const parent = depth === 1 ? document.contents : document.getIn(keys.slice(0, depth - 1), true);
      const pair = isMap(parent)
        ? parent.items.find((item) => String(item.key) === String(keys[depth - 1]))
        : null;
      const node = pair?.key ?? document.getIn(keys.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line + 1;
    }
    // A field of the outermost level: where it would be added, before the line that closes the front matter.
    return match[0].trimEnd().split('\n').length;
  };
  const parsed = TaskContract.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ at: [...issue.path, key], message: 'is not a field of the contract' }))
        : [{ at: issue.path, message: document.hasIn(issue.path) ? issue.message : 'is missing' }],
    );
    throw new UserError(
      problems
        .map(({ at, message }) => `${path}:${lineOf(at)}: ${at.join('.') || 'front matter'}: ${message}`)
        .join('\n       '),
    );
  }
  const renamed = Object.keys(parsed.data.profiles)
    .map((name) => ['profiles', name, 'budgets', OLD_FULL])
    .filter((keys) => document.hasIn(keys))
    .map((keys) => `${path}:${lineOf(keys)}: ${keys.join('.')}: is "full" now; the old name is read as that`);
  return { path, contract: parsed.data, brief: text.slice(match[0].length), lineOf, renamed };
}

/** Tells a service which task its run belongs to; without it, that is TASK.md where it is started. */
const TASK_VARIABLE = 'LOOP_TASK';

/** The variable for the services of a task's runs. */
export const taskVariable = ({ elsewhere, path }: Task): Record<string, string> =>
  elsewhere ? { [TASK_VARIABLE]: path } : {};

/** The file of the task that a service serves. */
export const taskFile = (env: NodeJS.ProcessEnv = process.env): string => env[TASK_VARIABLE] ?? 'TASK.md';

/** The guards in force: those of the task, overridden by those of the profile. */
export function guardsOf(task: Task, profile: Pick<Profile, 'guards'>): Record<string, Condition> {
  return { ...task.contract.guards, ...profile.guards };
}

/** The profile of that name. @throws UserError that lists the names there are. */
export function profileOf(task: Task, name: string): Profile {
  const profile = Object.hasOwn(task.contract.profiles, name) ? task.contract.profiles[name] : undefined;
  if (!profile) {
    throw new UserError(
      `unknown profile "${name}"; ${task.path} has: ${Object.keys(task.contract.profiles).join(', ')}`,
    );
  }
  return profile;
}

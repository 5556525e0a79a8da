import { z } from 'zod';
import { asNow } from './earlier.ts';
import { Line, NamedNumbers } from './text.ts';

/**
 * The changes of a run to its experiment, by key. A value is kept as it was written ("3e-4"): only the
 * trainer knows what it means.
 */
export const Settings = z.record(z.string(), z.string());
export type Settings = z.infer<typeof Settings>;

/** What defines a run: runs with the same spec are the same run. */
export const RunSpec = z.object({
  experiment: z.string(),
  settings: Settings,
  /** Training rows asked for. */
  samples: z.number().int(),
  seed: z.number().int(),
  /** The git tree (of a folder that holds the workspace alone) that is trained. */
  tree: z.string(),
  /**
   * The run whose weights it starts with; absent: weights of its own. A run that is resumed goes on with its
   * own weights, which is another thing.
   */
  from: z.string().optional(),
});
export type RunSpec = z.infer<typeof RunSpec>;

/** Picks the spec out of a record that has more fields. */
export const specOf = ({ experiment, settings, samples, seed, tree, from }: RunSpec): RunSpec => ({
  experiment,
  settings,
  samples,
  seed,
  tree,
  ...(from !== undefined && { from }),
});

/**
 * Who ended a run. `trainer`: it ended by itself, or was killed for lack of memory. `loop`: it ended with the
 * loop, and the next start resumes it. `sprint`: its sprint was over. `researcher`, `user`: the model or a
 * person asked for it. `limit`: we ended it at a limit, such as memory or time. `outside`: a signal that we
 * did not send. `service`: its data service ended by a fault of its own (`OWN_FAULT`).
 */
export const EndedBy = z.enum([
  'trainer',
  'loop',
  'sprint',
  'researcher',
  'user',
  'limit',
  'outside',
  'service',
]);
export type EndedBy = z.infer<typeof EndedBy>;

/** The id of the researcher in a loop that has only one, and in all records of earlier versions. */
export const FIRST_RESEARCHER = 'researcher-1';

/** A run: its spec and its status. `run.json` and `sprint.json` hold it with further fields. */
export const Run = z.object({
  id: z.string(),
  ...RunSpec.shape,
  /** Who asked for it. */
  researcherId: z.string().default(FIRST_RESEARCHER),
  /**
   * Set where the loop made the run itself. `incumbent`: the present best once more, to compare a candidate
   * with at the same budget and seed. `repeat`: a candidate once more, on a second seed.
   */
  role: z.enum(['incumbent', 'repeat']).optional(),
  /**
   * A digest of all that the run depends on besides samples and seed: the code that it loads, its settings,
   * its data and what computes it. Absent in earlier records, and in a secret world.
   */
  fingerprint: z.string().optional(),
  /** The settings of the profile that its experiment began with; absent where the profile had none. */
  profileSettings: z.record(z.string(), z.json()).optional(),
  status: z.enum(['running', 'finished', 'failed', 'killed', 'timeout', 'out-of-memory', 'diverged']),
  /** One line for a person: why it is not `finished`. */
  reason: Line.nullable(),
  /** Absent while it runs, and in records of earlier versions that do not tell. */
  endedBy: EndedBy.optional(),
  seconds: z.number().nullable(),
});
export type Run = z.infer<typeof Run>;
export type Role = NonNullable<Run['role']>;

/** The machine that a run was trained on. */
export const Machine = z.object({
  host: z.string(),
  cpu: z.string(),
  cores: z.number().int(),
  gpu: z.string().nullable(),
  node: z.string(),
});
export type Machine = z.infer<typeof Machine>;

/**
 * `checkpoints/<run id>/run.json`, written by the supervisor's side before the run starts and completed when
 * it ends. The trainer cannot write it: it may write only the run's `out/`.
 */
export const RunRecord = z.preprocess(
  asNow,
  Run.extend({
    version: z.literal(2),
    sprint: z.string().nullable(),
    profile: z.string(),
    /** The file of the task that has this profile, by its path in the repository; absent: TASK.md. */
    task: z.string().optional(),
    /**
     * Rows of a batch of its data service. Absent in records of earlier versions: the profile's number holds.
     */
    batch: z.number().int().positive().optional(),
    /**
     * The hash of the secret world that its data came from. Absent: the profile's world.
     */
    secretWorld: z.string().optional(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    /**
     * Distinct rows that left the data service, training and normalisation together; null where the task has
     * no service.
     */
    rowsServed: z.number().int().nullable(),
    /**
     * The device that drew its rows, where its data service names one: it draws other rows than the processor
     * does at the same seed.
     */
    drawnBy: Line.optional(),
    /** The GPU that it was given, in the numbers of nvidia-smi; absent: its trainer chose. */
    device: z.string().optional(),
    machine: Machine,
    sandbox: z.string(),
  }),
);
export type RunRecord = z.infer<typeof RunRecord>;

/** A line of `out/progress.jsonl`. Losses and any other number of the trainer's go into `values`. */
export const Progress = z.object({
  step: z.number().int(),
  samples: z.number().int(),
  totalSamples: z.number().int(),
  samplesPerSecond: z.number(),
  /** Absent where it is not known yet: the speed of the first step is not that of the run. */
  etaSeconds: z.number().optional(),
  /** loss, learning_rate, ... whatever the trainer can know from its data; those that matter most first. */
  values: NamedNumbers,
});
export type Progress = z.infer<typeof Progress>;

/** How far a run is, without its numbers. */
export type HowFar = Omit<Progress, 'step' | 'values'>;

/** `out/result.json`: the trainer's own account of the run, written last. */
export const TrainResult = z.object({
  version: z.literal(1),
  status: z.enum(['finished', 'diverged', 'out-of-memory', 'interrupted', 'failed']),
  reason: Line.nullable(),
  experiment: Line,
  /** What kind of model it is, where the task has more than one. */
  architecture: Line.optional(),
  config: z.record(z.string(), z.unknown()),
  /** What computed it: a device, a library. */
  backend: Line.optional(),
  /** What it multiplied in, where it had a choice, since its last start: fp32, tf32. */
  precision: Line.optional(),
  steps: z.number().int(),
  /** Training rows used, and rows used to estimate the norm before training. */
  samples: z.number().int(),
  normalisationSamples: z.number().int().default(0),
  seconds: z.number(),
  /** Declared numbers that the constraints of the profile name: learning_rate. */
  declared: NamedNumbers,
  /** The trainer's claimed numbers at the end: loss, l0, explained_variance. */
  claimed: NamedNumbers,
});
export type TrainResult = z.infer<typeof TrainResult>;

/** A line of `evals.jsonl`: the judge's side measured the snapshot `out/evals/<samples>.safetensors`. */
export const EvalPoint = z.object({
  samples: z.number().int(),
  evaluationSamples: z.number().int(),
  metrics: z.record(z.string(), z.number()),
});
export type EvalPoint = z.infer<typeof EvalPoint>;

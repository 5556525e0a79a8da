import { z } from 'zod';

/**
 * `checkpoints/<run id>/run.json`, written by the supervisor's side before the run starts and completed when it
 * ends. The trainer cannot write it: it may write only the run's `out/`.
 */
export const RunRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  sprint: z.string().nullable(),
  /** Set where the loop trained the present best once more, to compare a candidate with at the same budget and seed. */
  role: z.literal('incumbent').optional(),
  experiment: z.string(),
  /** Arguments after the train command, as given: ["matryoshka", "--samples", "1000000", ...]. */
  args: z.array(z.string()),
  profile: z.string(),
  seed: z.number().int(),
  /** Training rows asked for. */
  samples: z.number().int(),
  /** Rows of a batch of its data service. Absent in records of earlier versions: as its profile says. */
  batch: z.number().int().positive().optional(),
  /** The git tree (of a folder that holds the workspace alone) that was trained. */
  tree: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  status: z.enum(['running', 'finished', 'failed', 'killed', 'timeout', 'out-of-memory', 'diverged']),
  /** One line for a person: why it is not `finished`. */
  reason: z.string().nullable(),
  /**
   * Who ended a run that did not end by itself. `loop`: it ended because the loop did, and the next start goes on with it. `outside`: by a
   * signal that we did not send. Absent in records of earlier versions.
   */
  endedBy: z.enum(['loop', 'sprint', 'researcher', 'user', 'limit', 'outside']).optional(),
  seconds: z.number().nullable(),
  /** Rows that left the data service, training and normalisation together; null where the task has no service. */
  rowsServed: z.number().int().nullable(),
  machine: z.object({
    host: z.string(),
    cpu: z.string(),
    cores: z.number().int(),
    gpu: z.string().nullable(),
    node: z.string(),
  }),
  sandbox: z.string(),
});
export type RunRecord = z.infer<typeof RunRecord>;
export type EndedBy = NonNullable<RunRecord['endedBy']>;

/** A line of `out/progress.jsonl`. Losses and any other number of the trainer's go into `values`. */
export const Progress = z.object({
  step: z.number().int(),
  samples: z.number().int(),
  totalSamples: z.number().int(),
  samplesPerSecond: z.number(),
  etaSeconds: z.number(),
  /** loss, learning_rate, ... whatever the trainer can know from its data; those that matter most first. */
  values: z.record(z.string(), z.number()),
});
export type Progress = z.infer<typeof Progress>;

/** `out/result.json`: the trainer's own word, written last. */
export const TrainResult = z.object({
  version: z.literal(1),
  status: z.enum(['finished', 'diverged', 'out-of-memory', 'interrupted', 'failed']),
  reason: z.string().nullable(),
  experiment: z.string(),
  /** What kind of model it is, where the task has more than one. */
  architecture: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  /** What computed it: a device, a library. */
  backend: z.string().optional(),
  steps: z.number().int(),
  /** Training rows used, and rows used to estimate the norm before training. */
  samples: z.number().int(),
  normalisationSamples: z.number().int().default(0),
  seconds: z.number(),
  /** Declared numbers that the constraints of the profile name: learning_rate. */
  declared: z.record(z.string(), z.number()),
  /** The trainer's claimed numbers at the end: loss, l0, explained_variance. */
  claimed: z.record(z.string(), z.number()),
});
export type TrainResult = z.infer<typeof TrainResult>;

/** A line of `evals.jsonl`: the judge's side measured the snapshot `out/evals/<samples>.safetensors`. */
export const EvalPoint = z.object({
  samples: z.number().int(),
  evaluationSamples: z.number().int(),
  metrics: z.record(z.string(), z.number()),
});
export type EvalPoint = z.infer<typeof EvalPoint>;

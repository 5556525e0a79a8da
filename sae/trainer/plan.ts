import type { Architecture, BaseConfig } from '../architecture.ts';
import type { TrainerConfig } from './config.ts';
import type { AutotunerState } from './l0-autotuner.ts';
import type { RunResult } from './step.ts';

/** The data, read synchronously batch by batch: `#bench/stream/reader`, or a substitute. */
export interface Batches {
  /** The next batch x [rows × d], with its index in the stream; null at the end. */
  next(): { x: Float32Array; rows: number; batchIndex: number } | null;
  /** Width and rows of a batch. */
  readonly header: { d: number; batchRows: number };
}

/** All settings of a training run. */
export interface Plan {
  /** Name of the experiment. */
  experiment: string;
  /** Name of the architecture. */
  architectureName: string;
  /** The architecture itself. */
  architecture: Architecture;
  /** The architecture's config. */
  sae: BaseConfig;
  /** The trainer's config. */
  trainer: TrainerConfig;
  /** Config of each add-on, by its setting. */
  addons: Record<string, unknown>;
  /** Training rows. */
  samples: number;
  /** Uniform numbers for the initial weights. */
  random: () => number;
  /** The run's `out/`. */
  out: string;
  /** Label of the tensor backend, for the result. */
  backend: string;
  /** What it encodes in, for the result. */
  precision?: string;
  /** Continues the run in `out`. */
  resume: boolean;
  /** The `out/` of an earlier run whose weights the training starts with. */
  from?: string;
  /** Seconds between saves; default 30. */
  saveEvery?: number;
  /** Shows a line to the user. */
  warn?(line: string): void;
  /** Called after every step, with the number of latents that were dead before it. */
  onStep?(result: RunResult, deadBefore: number): void;
}

/** State of a run beside the model; saved with it. */
export interface RunState {
  /** Steps so far. */
  step: number;
  /** Training rows so far. */
  seen: number;
  /** Index of the next batch in the stream; null before the first. */
  nextBatch: number | null;
  /** Factor on x. */
  scale: number;
  /** Rows that were read to measure the norm of x. */
  normalisationSamples: number;
  /** State of the L0 autotuner. */
  autotuner: AutotunerState;
  /** Loss of the first step. */
  firstLoss: number | null;
  /** Seconds of training, earlier parts of a resumed run included. */
  seconds: number;
  /** Labels of the tensor backends, in order: several if the run was resumed on another. */
  backends: string[];
  /** Numbers of the last step, in case the run is killed before it writes its result. */
  claimed: Record<string, number>;
}

export const freshState = (): RunState => ({
  step: 0,
  seen: 0,
  nextBatch: null,
  scale: 1,
  normalisationSamples: 0,
  autotuner: { multiplier: 1, smoothed: null, rate: 0 },
  firstLoss: null,
  seconds: 0,
  backends: [],
  claimed: {},
});

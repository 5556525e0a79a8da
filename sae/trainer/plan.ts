import type { Architecture, BaseConfig } from '../architecture.ts';
import type { TrainerConfig } from './config.ts';
import type { AutotunerState } from './l0-autotuner.ts';
import type { StepResult } from './step.ts';

/** Batches in order, read synchronously: `#bench/stream/reader`, or anything like it. */
export interface Batches {
  next(): { x: Float32Array; rows: number; batchIndex: number } | null;
  readonly header: { d: number; batchRows: number };
}

/** One training run, all decided. */
export interface Plan {
  experiment: string;
  architectureName: string;
  architecture: Architecture;
  sae: BaseConfig;
  trainer: TrainerConfig;
  addons: Record<string, unknown>;
  /** Training rows. */
  samples: number;
  /** Uniform numbers for the initial weights. */
  random: () => number;
  /** The run's `out/`. */
  out: string;
  backend: string;
  resume: boolean;
  /** Seconds between saves from which a killed run can be resumed; 30 if not given. */
  saveEvery?: number;
  /** Takes a line that a person should see. */
  warn?(line: string): void;
  /** Called after every step, for whoever watches, with how many latents were dead before it. */
  onStep?(result: StepResult, deadBefore: number): void;
}

/** What changes from step to step beside the model; saved with it. */
export interface RunState {
  step: number;
  /** Training rows so far. */
  seen: number;
  /** Index that the next batch of the stream must have; null before the first. */
  nextBatch: number | null;
  /** What x is multiplied by. */
  scale: number;
  normalisationSamples: number;
  autotuner: AutotunerState;
  firstLoss: number | null;
  /** Seconds of training, earlier parts of a resumed run included. */
  seconds: number;
  /** What ran the tensors, in turn: more than one where a run was resumed on another. */
  backends: string[];
  /** Numbers of the last step, for a run that is killed between it and its result. */
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

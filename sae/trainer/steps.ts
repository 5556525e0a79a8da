import * as tf from '@tensorflow/tfjs-core';
import { type DeviceRun, deviceRun, type StepCounts } from '#engine/device-run';
import type { DeadLatents } from './dead-latents.ts';
import { EXPLODED } from './divergence.ts';
import { differentiate, explainedVariance, type Model, type RunResult, trainStep } from './step.ts';

/** What a step of a run is given. */
export interface RunStep {
  /** x [rows, d] as it is trained on. */
  x: Float32Array;
  /** Samples in it. */
  rows: number;
  /** The step, from 0. */
  step: number;
  /** Learning rate of this step. */
  learningRate: number;
  /** Factor on the sparsity coefficient. */
  multiplier: number;
  /** Loss of the run's first step; null before it. */
  firstLoss: number | null;
  /** Whether to compute the explained variance. */
  measure: boolean;
}

/** The steps of a run, one after the other. */
export interface Steps {
  /** Whether results are read only where they are asked for: reading one waits for the device. */
  readonly areLazy: boolean;
  /** Trains one step, dead latents counted. */
  run(step: RunStep): void;
  /** The numbers of the last step. */
  result(): RunResult;
  /** How the steps came about; null where all are computed by their code. */
  readonly counts: StepCounts | null;
  /** Gives back what the steps hold. */
  dispose(): void;
}

/** The steps of a model on the backend in use. */
export function stepsOf(
  model: Model,
  dead: DeadLatents,
  d: number,
  trainingSteps: number,
  compareEvery?: number,
): Steps {
  const device = deviceRun(model.adam, compareEvery);
  return device
    ? new StepsOnDevice(model, dead, d, trainingSteps, device)
    : new StepsHere(model, dead, d, trainingSteps);
}

class StepsHere implements Steps {
  readonly areLazy = false;
  readonly counts = null;
  private last: RunResult | null = null;

  constructor(
    private readonly model: Model,
    private readonly dead: DeadLatents,
    private readonly d: number,
    private readonly trainingSteps: number,
  ) {}

  run({ x: values, rows, ...step }: RunStep): void {
    const { model, dead, d, trainingSteps } = this;
    const x = tf.tensor2d(values, [rows, d]);
    const result = trainStep(model, { ...step, x, trainingSteps, dead: dead.mask() });
    x.dispose();
    dead.update(result.acts);
    this.last = { ...result, step: step.step };
  }

  result(): RunResult {
    return this.last as RunResult;
  }

  dispose(): void {}
}

class StepsOnDevice implements Steps {
  readonly areLazy = true;
  private names: string[] = [];
  private last = { rows: 0, step: 0, explainedVariance: null as number | null };

  constructor(
    private readonly model: Model,
    private readonly dead: DeadLatents,
    private readonly d: number,
    private readonly trainingSteps: number,
    private readonly device: DeviceRun,
  ) {
    dead.look();
  }

  run({ x, rows, step, learningRate, multiplier, firstLoss, measure }: RunStep): void {
    const { model, dead, d, trainingSteps, device } = this;
    this.last = { rows, step, explainedVariance: null };
    const mostLoss = EXPLODED * Math.max(1, firstLoss ?? Number.POSITIVE_INFINITY);
    // A step that measures reads numbers back.
    const key = measure ? null : `${dead.areNone} ${multiplier}`;
    const ran = device.run({ x, rows, d, step, learningRate, mostLoss }, key, (input) => {
      const varying = {
        ...{ x: input, trainingSteps, multiplier, dead: dead.mask() },
        get step() {
          device.spoil('the loss reads `step`');
          return step;
        },
        schedule: device.schedule.bind(device),
      };
      const gradients = differentiate(model, varying, ({ acts, recon, losses }, total) => {
        this.names = Object.keys(losses);
        device.note(Object.values(losses), total, acts);
        dead.update(acts);
        if (measure) this.last.explainedVariance = explainedVariance(input, recon);
      });
      device.update(gradients);
    });
    if (!ran) dead.passed();
  }

  result(): RunResult {
    const { terms, total, norm, nonZeros, badStep } = this.device.read();
    const { rows, step, explainedVariance } = this.last;
    this.dead.look();
    return {
      loss: total,
      losses: Object.fromEntries(this.names.map((name, i) => [name, terms[i]])),
      l0: nonZeros / rows,
      gradNorm: norm,
      explainedVariance,
      step: badStep ?? step,
    };
  }

  get counts(): StepCounts {
    return this.device.counts;
  }

  dispose(): void {
    this.device.dispose();
  }
}

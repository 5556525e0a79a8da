import * as tf from '@tensorflow/tfjs-core';
import { type DeviceCounts, deviceCounts } from '#engine/device-counts';
import { timeOperations } from '#engine/operation';
import { encode } from '#engine/ops';
import type { Architecture } from '../architecture.ts';
import type { Resolved } from '../settings.ts';
import { DeadLatents } from './dead-latents.ts';
import type { Batches } from './plan.ts';
import { createModel, gradientsOf, type Model } from './step.ts';

/** Milliseconds of a step, with the wait for its batch, and of its parts. */
type StepTimes = Record<'step' | 'waiting' | 'forward' | 'backward' | 'optimiser', number>;
type Operations = Record<string, number>;

export interface Measurement {
  /** Means over the middle half of the steps by their time, so that the parts add up to the step. */
  ms: StepTimes & {
    /** Processor time of a step on all cores: comparable on a busy machine. A mean over all steps. */
    cpu: number;
    /** One batch from the data service while nothing else computes. */
    sampling: number;
    /** An encoder's dense product [rows, d_in] × [d_in, d_sae] alone. */
    encode: number;
    /** The named operations of the forward pass, by name. */
    operations: Operations;
  };
  /** From the start of the process to the end of the first step. */
  firstStepMs: number;
  /** Loss of the last step. */
  loss: number;
  /** What a step does on a device, a mean over all steps; null where the backend counts nothing. */
  device: Record<keyof DeviceCounts, number> | null;
}

/** Batches that may be in the pipe and the reader when the steps end. */
const READ_AHEAD = 8;
const ENCODES = 5;

/**
 * Trains some steps as train.ts does, without its files, and times their parts. On a GPU, work is counted in
 * the part that waits for it.
 */
export function measureSteps(
  architecture: Architecture,
  { sae, trainer }: Resolved,
  data: Batches,
  random: () => number,
  { warmUp, steps }: { warmUp: number; steps: number },
): Measurement {
  let forward = 0;
  let operations: Operations = {};
  const timed: Architecture = {
    ...architecture,
    trainingPass(pass) {
      const started = performance.now();
      const { result, ms } = timeOperations(() => architecture.trainingPass(pass));
      forward = performance.now() - started;
      operations = ms;
      return result;
    },
  };
  const model = createModel(timed, sae, architecture.init(sae, random), trainer);
  const dead = new DeadLatents(new Float64Array(sae.d_sae), trainer.dead_feature_window);
  let loss = Number.NaN;

  const timedStep = (step: number): StepTimes => {
    const began = performance.now();
    const batch = nextOf(data);
    const arrived = performance.now();
    let updating = 0;
    tf.tidy(() => {
      const x = tf.tensor2d(batch.x, [batch.rows, data.header.d]);
      const pass = {
        x,
        step,
        trainingSteps: warmUp + steps,
        dead: dead.mask(),
        multiplier: 1,
        measure: false,
      };
      const { result, gradients } = gradientsOf(model, pass);
      updating = performance.now();
      model.adam.step(gradients, trainer.lr);
      dead.update(result.acts);
      loss = result.loss;
    });
    const ended = performance.now();
    return {
      step: ended - began,
      waiting: arrived - began,
      forward,
      backward: updating - arrived - forward,
      optimiser: ended - updating,
    };
  };

  let firstStepMs = 0;
  const times: { times: StepTimes; operations: Operations }[] = [];
  let cpuBefore = process.cpuUsage();
  let countsBefore = deviceCounts();
  for (let step = 0; step < warmUp + steps; step++) {
    if (step === warmUp) {
      cpuBefore = process.cpuUsage();
      countsBefore = deviceCounts();
    }
    const taken = timedStep(step);
    if (step === 0) firstStepMs = performance.now();
    if (step < warmUp) continue;
    times.push({ times: taken, operations });
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const device = perStep(countsBefore, deviceCounts(), steps);
  const middle = middleHalf(times, ({ times }) => times.step);
  const ms = {
    ...means(middle.map(({ times }) => times)),
    cpu: (user + system) / 1000 / steps,
    operations: means(middle.map(({ operations }) => operations)),
    encode: timeEncode(model, nextOf(data), data.header.d),
    sampling: timeSampling(data, steps),
  };
  return { ms, firstStepMs, loss, device };
}

function perStep(before: DeviceCounts | null, after: DeviceCounts | null, steps: number) {
  if (!before || !after) return null;
  const of = (key: keyof DeviceCounts) => (after[key] - before[key]) / steps;
  return {
    launches: of('launches'),
    reads: of('reads'),
    bytesRead: of('bytesRead'),
    bytesWritten: of('bytesWritten'),
  };
}

function nextOf(data: Batches): NonNullable<ReturnType<Batches['next']>> {
  const batch = data.next();
  if (!batch) throw new Error('the data ended before the steps did');
  return batch;
}

/** One dense product [rows, d] × [d, d_sae], whatever the architecture's own encoder does. */
function timeEncode({ config }: Model, { x, rows }: { x: Float32Array; rows: number }, d: number): number {
  const W = tf.fill([d, config.d_sae], 0.1);
  const input = tf.tensor2d(x, [rows, d]);
  const times = Array.from({ length: ENCODES }, () => {
    const started = performance.now();
    // Reads one number, so that a GPU has to finish.
    tf.tidy(() => tf.slice(encode(input, W), [0, 0], [1, 1]).dataSync());
    return performance.now() - started;
  });
  tf.dispose([input, W]);
  return median(times);
}

function timeSampling(data: Batches, count: number): number {
  for (let i = 0; i < READ_AHEAD; i++) nextOf(data);
  const started = performance.now();
  for (let i = 0; i < count; i++) nextOf(data);
  return (performance.now() - started) / count;
}

/** Without the slowest and the fastest quarter: the steps that other programs disturbed. */
function middleHalf<T>(items: readonly T[], of: (item: T) => number): T[] {
  const sorted = [...items].sort((a, b) => of(a) - of(b));
  const quarter = Math.floor(items.length / 4);
  return sorted.slice(quarter, items.length - quarter);
}

/** The mean of each number over records with the same names. */
function means<Name extends string>(records: readonly Record<Name, number>[]): Record<Name, number> {
  const names = Object.keys(records[0]) as Name[];
  const of = (name: Name) => records.reduce((sum, record) => sum + record[name], 0) / records.length;
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, number>;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

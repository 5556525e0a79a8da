import * as tf from '@tensorflow/tfjs-core';
import { timeOperations } from '#engine/operation';
import { encode } from '#engine/ops';
import type { Architecture } from '../architecture.ts';
import type { Resolved } from '../settings.ts';
import { DeadLatents } from './dead-latents.ts';
import type { Batches } from './plan.ts';
import { createModel, gradientsOf, type Model } from './step.ts';

export interface Measurement {
  /** Medians over the steps, in milliseconds. */
  ms: {
    /** A whole step, the wait for its batch included. */
    step: number;
    waiting: number;
    forward: number;
    backward: number;
    optimiser: number;
    /** One batch from the data service while nobody computes. */
    sampling: number;
    /** The encoder's dense product alone. */
    encode: number;
    /** The step's named operations going forward, by name. */
    operations: Record<string, number>;
  };
  /** From the start of the process to the end of the first step. */
  firstStepMs: number;
  loss: number;
}

/** Batches that may lie ready in pipe and reader when the steps end. */
const READ_AHEAD = 8;
const ENCODES = 5;

/**
 * Trains some steps as train.ts does, without its files, and times their parts. On a device `forward` ends where the
 * loss is asked for, and what is computed after that counts as `backward`.
 */
export function measureSteps(
  architecture: Architecture,
  { sae, trainer }: Resolved,
  data: Batches,
  random: () => number,
  { warmUp, steps }: { warmUp: number; steps: number },
): Measurement {
  let forward = 0;
  let operations: Record<string, number> = {};
  const timed: Architecture = {
    ...architecture,
    train(pass) {
      const started = performance.now();
      const { result, ms } = timeOperations(() => architecture.train(pass));
      forward = performance.now() - started;
      operations = ms;
      return result;
    },
  };
  const model = createModel(timed, sae, architecture.init(sae, random), trainer);
  const dead = new DeadLatents(sae.d_sae, trainer.dead_feature_window);
  const rows: Record<string, number>[] = [];
  let firstStepMs = 0;
  let loss = Number.NaN;
  for (let step = 0; step < warmUp + steps; step++) {
    const began = performance.now();
    const batch = nextOf(data);
    const arrived = performance.now();
    let updating = 0;
    tf.tidy(() => {
      const x = tf.tensor2d(batch.x, [batch.rows, data.header.d]);
      const pass = { x, step, trainingSteps: 1000, dead: dead.mask(), multiplier: 1, measure: false };
      const { result, gradients } = gradientsOf(model, pass);
      updating = performance.now();
      model.adam.step(gradients, trainer.lr);
      dead.update(result.acts);
      loss = result.loss;
    });
    const ended = performance.now();
    if (step === 0) firstStepMs = ended;
    if (step < warmUp) continue;
    rows.push({
      step: ended - began,
      waiting: arrived - began,
      forward,
      backward: updating - arrived - forward,
      optimiser: ended - updating,
      ...Object.fromEntries(Object.entries(operations).map(([name, ms]) => [`${OPERATION}${name}`, ms])),
    });
  }
  const encodeMs = timeEncode(encoderOf(model), nextOf(data), data.header.d);
  const medians = Object.entries(mediansOf(rows));
  const parts = Object.fromEntries(medians.filter(([name]) => !name.startsWith(OPERATION)));
  const named = medians.filter(([name]) => name.startsWith(OPERATION));
  return {
    ms: {
      ...(parts as Record<'step' | 'waiting' | 'forward' | 'backward' | 'optimiser', number>),
      sampling: timeSampling(data, steps),
      encode: encodeMs,
      operations: Object.fromEntries(named.map(([name, ms]) => [name.slice(OPERATION.length), ms])),
    },
    firstStepMs,
    loss,
  };
}

const OPERATION = 'operation ';

function nextOf(data: Batches): NonNullable<ReturnType<Batches['next']>> {
  const batch = data.next();
  if (!batch) throw new Error('the data ended before the steps did');
  return batch;
}

/** [d_in, d_sae]; Matching Pursuit has no encoder but its decoder. */
function encoderOf({ variables }: Model): tf.Tensor {
  return variables.W_enc ?? tf.transpose(variables.W_dec);
}

function timeEncode(W: tf.Tensor, { x, rows }: { x: Float32Array; rows: number }, d: number): number {
  const input = tf.tensor2d(x, [rows, d]);
  const times = Array.from({ length: ENCODES }, () => {
    const started = performance.now();
    // One number is asked for, so that a device has to be done.
    tf.tidy(() => tf.slice(encode(input, W), [0, 0], [1, 1]).dataSync());
    return performance.now() - started;
  });
  input.dispose();
  return median(times);
}

function timeSampling(data: Batches, count: number): number {
  for (let i = 0; i < READ_AHEAD; i++) nextOf(data);
  const started = performance.now();
  for (let i = 0; i < count; i++) nextOf(data);
  return (performance.now() - started) / count;
}

function mediansOf(rows: Record<string, number>[]): Record<string, number> {
  const names = Object.keys(rows[rows.length - 1]);
  return Object.fromEntries(names.map((name) => [name, median(rows.map((row) => row[name] ?? 0))]));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

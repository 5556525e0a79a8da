// Trains one experiment at the small world for a full run with the embedded engine, and repeats each EVERY-th
// step in dense tfjs on its wasm backend, from the same weights on the same batch: loss, gradients, and what
// is selected.
//   node --import tsx test/engines/steps.ts EXPERIMENT SEED STEPS EVERY
// Prints the largest differences as one JSON line.
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor32 } from '#contract/safetensors';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import type { Csr } from '#engine/sparse';
import type { Buffers } from '#sae/architecture';
import { DeadLatents } from '#sae/trainer/dead-latents';
import { durations, learningRate } from '#sae/trainer/schedules';
import { createModel, gradientsOf, type Model } from '#sae/trainer/step';
import { openScene } from './scene.ts';

const [name, seedText, stepsText, everyText] = process.argv.slice(2);
const [seed, steps, every] = [seedText, stepsText, everyText].map(Number);
const { architecture, settings, stream } = await openScene(name);
const { sae, trainer } = settings;
const rates = { ...trainer, ...durations(trainer, steps) };

await openBackend('embedded');
const model = createModel(architecture, sae, architecture.init(sae, uniform(seed)), trainer);
const dead = new DeadLatents(new Float64Array(sae.d_sae), trainer.dead_feature_window);
const data = stream(seed);

interface Step {
  loss: number;
  acts: Csr;
  gradients: Record<string, Float32Array>;
}

/** Loss, selection and gradients of a step; with a learning rate the weights are updated too. */
function stepOf(of: Model, x: Float32Array, step: number, mask: Uint8Array | null, rate?: number): Step {
  const { d } = data.header;
  tf.engine().startScope();
  const { result, gradients } = gradientsOf(of, {
    ...{ x: tf.tensor2d(x, [x.length / d, d]), step, trainingSteps: steps, dead: mask },
    ...{ multiplier: 1, measure: false },
  });
  const read = Object.entries(gradients).map(([key, g]) => [key, g.dataSync() as Float32Array]);
  if (rate !== undefined) of.adam.step(gradients, rate);
  tf.engine().endScope();
  return { loss: result.loss, acts: result.acts, gradients: Object.fromEntries(read) };
}

/** Weights and buffers as they are. */
function copied({ variables, buffers }: Model): { weights: Record<string, Tensor32>; buffers: Buffers } {
  return {
    weights: Object.fromEntries(
      Object.entries(variables).map(([key, v]) => [
        key,
        { shape: v.shape, data: v.dataSync() as Float32Array },
      ]),
    ),
    buffers: Object.fromEntries(Object.entries(buffers).map(([key, b]) => [key, b.slice()])),
  };
}

/**
 * The largest differences so far: of the loss, of a gradient by its norm, and among activations that only one
 * of the two engines keeps.
 */
const worst = { loss: 0, gradient: 0, ties: 0, tie: 0, compared: 0, dead: 0 };
for (let step = 0; step < steps; step++) {
  const { x } = data.next() as { x: Float32Array };
  const mask = dead.mask();
  const before = step % every === 0 ? copied(model) : null;
  const ours = stepOf(model, x, step, mask, learningRate(step, steps, rates));
  if (before) {
    await openBackend('wasm', { plain: true });
    const dense = createModel(architecture, sae, before.weights, trainer);
    for (const [key, values] of Object.entries(before.buffers)) dense.buffers[key].set(values);
    compare(ours, stepOf(dense, x, step, mask));
    if (mask) worst.dead++;
    tf.dispose(dense.variables);
    await openBackend('embedded');
  }
  dead.update(ours.acts);
}
process.stdout.write(`${JSON.stringify({ experiment: name, seed, steps, ...worst })}\n`);

function compare(ours: Step, theirs: Step): void {
  worst.compared++;
  const [x, y] = [ours.acts, theirs.acts].map(entriesOf);
  const strays = [...without(x, y), ...without(y, x)];
  if (strays.length > 0) {
    // The engines selected different activations: allowed only between nearly equal values, as many in each.
    worst.ties++;
    const tie = x.size === y.size ? Math.max(...strays) / Math.min(...strays) - 1 : Number.POSITIVE_INFINITY;
    worst.tie = Math.max(worst.tie, tie);
    return;
  }
  worst.loss = Math.max(worst.loss, Math.abs(ours.loss - theirs.loss) / theirs.loss);
  for (const [key, g] of Object.entries(ours.gradients)) {
    const other = theirs.gradients[key];
    const [difference, size] = [Math.hypot(...g.map((v, i) => v - other[i])), Math.hypot(...other)];
    if (size > 0) worst.gradient = Math.max(worst.gradient, difference / size);
  }
}

/** The values that `some` has at positions that `others` lacks. */
function without(some: Map<number, number>, others: Map<number, number>): number[] {
  return [...some].filter(([at]) => !others.has(at)).map(([, value]) => value);
}

function entriesOf({ rows, offsets, indices, values }: Csr): Map<number, number> {
  const entries = new Map<number, number>();
  for (let row = 0; row < rows; row++) {
    for (let at = offsets[row]; at < offsets[row + 1]; at++)
      entries.set(row * sae.d_sae + indices[at], values[at]);
  }
  return entries;
}

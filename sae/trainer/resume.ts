import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { readSafetensors, type Tensor32, writeSafetensors } from '#contract/safetensors';
import type { DeadLatents } from './dead-latents.ts';
import type { Plan, RunState } from './plan.ts';
import type { Model } from './step.ts';

const FILE = 'optimizer.safetensors';

/**
 * Writes `optimizer.safetensors`, all that a resumed run needs to continue bit for bit. One file, so that its
 * parts belong together: weights, Adam's moments and, in the metadata, counters and buffers in float64.
 * `next_batch` in the metadata tells the supervisor where the stream continues.
 */
export function writeResumeState(plan: Plan, model: Model, dead: DeadLatents, state: RunState): void {
  const { steps, moments } = model.adam.state();
  const tensors = new Map<string, Tensor32>();
  for (const [name, variable] of Object.entries(model.variables)) {
    const { shape } = variable;
    tensors.set(name, { shape, data: variable.dataSync() as Float32Array });
    const own = moments.get(name);
    if (own) {
      tensors.set(`${name}.adam_first`, { shape, data: own.first });
      tensors.set(`${name}.adam_second`, { shape, data: own.second });
    }
  }
  const buffers = Object.fromEntries(Object.entries(model.buffers).map(([name, v]) => [name, [...v]]));
  const metadata = {
    next_batch: String(state.nextBatch ?? 0),
    settings: JSON.stringify(settingsOf(plan)),
    state: JSON.stringify({ ...state, adamSteps: steps, buffers, sinceFired: [...dead.sinceFired] }),
  };
  writeSafetensors(join(plan.out, FILE), { tensors, metadata });
}

/**
 * Restores model, counters and state.
 * @throws UserError if there is nothing to resume from, or if it has another experiment or other settings
 */
export function readResumeState(plan: Plan, model: Model, dead: DeadLatents, state: RunState): void {
  const path = join(plan.out, FILE);
  if (!existsSync(path))
    throw new UserError(`${path}: not found; there is nothing to resume, start without --resume`);
  const { tensors, metadata } = readSafetensors(path);
  const saved = JSON.parse(metadata.state ?? 'null') as
    | (RunState & { adamSteps: number; buffers: Record<string, number[]>; sinceFired: number[] })
    | null;
  if (!saved) throw new UserError(`${path}: has no training state`);
  const [name, before, now] = firstDifference(JSON.parse(metadata.settings ?? '{}'), settingsOf(plan)) ?? [];
  if (name) {
    throw new UserError(
      `${path}: saved with other settings: ${name} ${before}, now ${now}; resume with the run's own arguments`,
    );
  }
  const moments = new Map<string, { first: Float32Array; second: Float32Array }>();
  for (const [name, variable] of Object.entries(model.variables)) {
    const own = tensors.get(name);
    const first = tensors.get(`${name}.adam_first`);
    const second = tensors.get(`${name}.adam_second`);
    if (!own || !first || !second || !tf.util.arraysEqual([...own.shape], variable.shape)) {
      throw new UserError(
        `${path}: ${name} is missing or of another shape; resume with the run's own settings`,
      );
    }
    tf.tidy(() => variable.assign(tf.tensor(own.data, [...own.shape])));
    moments.set(name, { first: first.data, second: second.data });
  }
  const { adamSteps, buffers, sinceFired, ...rest } = saved;
  model.adam.restore({ steps: adamSteps, moments });
  for (const [name, values] of Object.entries(buffers)) model.buffers[name].set(values);
  dead.sinceFired.set(sinceFired);
  Object.assign(state, rest);
}

/**
 * Takes over the weights of an earlier run, and nothing else of it: moments, counters and buffers are new.
 * @throws UserError if it saved none, or if they have other shapes
 */
export function readWeights(out: string, model: Model): void {
  const path = join(out, FILE);
  if (!existsSync(path)) throw new UserError(`${path}: not found; that run saved no weights to start with`);
  const { tensors } = readSafetensors(path);
  for (const [name, variable] of Object.entries(model.variables)) {
    const own = tensors.get(name);
    if (!own || !tf.util.arraysEqual([...own.shape], variable.shape)) {
      throw new UserError(
        `${path}: ${name} is missing or of another shape; start with a run of the same sizes`,
      );
    }
    tf.tidy(() => variable.assign(tf.tensor(own.data, [...own.shape])));
  }
}

/** The settings that must be the same in a resumed run, by name. */
function settingsOf({
  experiment,
  architectureName,
  samples,
  sae,
  trainer,
  addons,
}: Plan): Record<string, unknown> {
  const named = (of: string, settings: object) =>
    Object.entries(settings).map(([name, value]) => [`${of}.${name}`, value]);
  return {
    ...{ experiment, architecture: architectureName, samples, addons },
    ...Object.fromEntries([...named('sae', sae), ...named('trainer', trainer)]),
  };
}

function firstDifference(
  before: Record<string, unknown>,
  now: Record<string, unknown>,
): [name: string, before: string, now: string] | null {
  for (const name of Object.keys(before)) {
    const [a, b] = [before[name], now[name]].map((value) => JSON.stringify(value));
    if (a !== b) return [name, a, b ?? 'missing'];
  }
  return null;
}

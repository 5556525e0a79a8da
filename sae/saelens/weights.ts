import { UserError } from '#contract/errors';
import { decodeSafetensors, type Tensor32 } from '#contract/safetensors';
import type { SaelensConfig } from './config.ts';
import { readSaved } from './file.ts';
import { type Kind, kinds, type Size } from './kinds.ts';
import { widened } from './widen.ts';

export type Tensors = Record<string, Tensor32>;

/**
 * Reads the tensors of an SAE by SAELens' names, as float32. They must be those of its architecture, with its
 * sizes, and finite.
 * @throws UserError with file and tensor
 */
export function readWeights(path: string, config: SaelensConfig): Tensors {
  const tensors = shapesOf(config);
  const found = Object.fromEntries(decodeSafetensors(widened(readSaved(path)), path).tensors);
  dropUnits(found, path);
  // Older versions of SAELens saved the logarithm.
  if (found.log_threshold && tensors.threshold && !found.threshold) {
    found.threshold = { ...found.log_threshold, data: found.log_threshold.data.map(Math.exp) };
    delete found.log_threshold;
  }
  for (const [name, shape] of Object.entries(tensors)) {
    const own = found[name];
    if (!own) throw new UserError(`${path}: ${name} is missing, which ${config.architecture} has`);
    if (own.shape.join() !== shape.join()) {
      throw new UserError(
        `${path}: ${name} has the shape [${own.shape.join(', ')}], [${shape.join(', ')}] expected`,
      );
    }
    if (!own.data.every(Number.isFinite))
      throw new UserError(`${path}: ${name} has numbers that are not finite`);
  }
  const unknown = Object.keys(found).find((name) => !Object.hasOwn(tensors, name));
  if (unknown) throw new UserError(`${path}: ${unknown} is no tensor of ${config.architecture}`);
  return found;
}

type Sizes = Pick<SaelensConfig, 'architecture' | 'd_in' | 'd_sae' | 'own'>;

/** The shapes of the tensors of an architecture of SAELens, by name. */
export function shapesOf(config: Sizes): Record<string, number[]> {
  const kind = kinds[config.architecture];
  const letters = Object.entries({ ...kind.tensors, ...kind.more?.(config.own) });
  return Object.fromEntries(
    letters.map(([name, sizes]) => [name, sizes.map((size) => sizeOf(size, config))]),
  );
}

function sizeOf(letter: Size, { d_in, d_sae, own }: Sizes): number {
  const steps = Number(own.n_refinement_steps);
  return { d_in, d_sae, steps, stages: steps + 1, one: 1 }[letter];
}

/**
 * Drops the finetuning factors that SAELens 2 to 5 saved with every SAE: they have no effect if all are 1.
 */
function dropUnits(found: Tensors, path: string): void {
  for (const name of ['scaling_factor', 'finetuning_scaling_factor']) {
    if (!found[name]) continue;
    // The tolerance of torch.allclose, which SAELens uses.
    if (!found[name].data.every((factor) => Math.abs(factor - 1) <= 1e-8 + 1e-5)) {
      throw new UserError(
        `${path}: ${name} has factors other than 1, which SAELens 6 does not load either; multiply each row of W_dec by its own and leave it out`,
      );
    }
    delete found[name];
  }
}

/**
 * Our architectures subtract b_dec from the input. For an SAE with `apply_b_dec_to_input: false` the
 * encoder's biases undo that: x·W + b = (x - b_dec)·W + (b + b_dec·W). A tied SAE has no such bias; SAELens
 * ignores its b_dec, so it becomes 0.
 */
export function takeInputAsItIs(weights: Tensors, { folds }: Kind): void {
  const { W_enc, b_dec, r_mag } = weights;
  if (folds?.length === 0) b_dec.data.fill(0);
  for (const name of folds ?? []) {
    const { data, shape } = weights[name];
    const shifted = data.map((bias, i) => {
      let sum = 0;
      for (let j = 0; j < b_dec.data.length; j++) sum += b_dec.data[j] * W_enc.data[j * data.length + i];
      return bias + sum * (name === 'b_mag' ? Math.exp(r_mag.data[i]) : 1);
    });
    weights[name] = { shape, data: shifted };
  }
}

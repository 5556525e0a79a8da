import { UserError } from '#contract/errors';
import type { Csr } from '#engine/sparse';
import { createCheckpointEncoder, forms } from '../encoding.ts';
import { checkpointOf } from '../trainer/checkpoint.ts';
import { foldScale } from '../trainer/normalisation.ts';
import type { Model } from '../trainer/step.ts';

/** Powers of two, so that nothing is rounded. A threshold that was not folded shows at the large one. */
const SCALES = [1024, 1 / 64];
const TOLERANCE = 1e-4;
const about = { architecture: '', addons: {}, experiment: '', samples: 0 };

/**
 * Compares the codes of a batch x [rows × d_in] before and after a factor on x is folded into the model.
 * Leaves the model as it was, up to rounding.
 * @throws UserError where the codes differ: `inputScaling` is wrong
 */
export function checkInputScaling(model: Model, x: Float32Array, rows: number): void {
  const codesAt = (scale: number, values: Float32Array): Csr[] =>
    createCheckpointEncoder(checkpointOf(model, { ...about, scale }), model.architecture, new Map()).codes(
      values,
      rows,
    );
  for (const scale of SCALES) {
    const unscaled = x.map((value) => value / scale);
    const before = codesAt(scale, unscaled);
    foldScale(model, scale);
    const after = codesAt(1, unscaled);
    foldScale(model, 1 / scale);
    for (const [at, form] of forms.entries()) {
      if (sameCodes(before[at], after[at])) continue;
      throw new UserError(
        `inputScaling is wrong: the ${form} form gives other codes after a factor of ${scale} on x is folded into the parameters`,
      );
    }
  }
}

function sameCodes(a: Csr, b: Csr): boolean {
  const largest = a.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (
    a.offsets.every((offset, i) => offset === b.offsets[i]) &&
    a.indices.every((index, i) => index === b.indices[i]) &&
    a.values.every((value, i) => Math.abs(value - b.values[i]) <= TOLERANCE * largest)
  );
}

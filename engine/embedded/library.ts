import { blasChoices } from '#contract/blas';
import { UserError } from '#contract/errors';
import { findBlas } from './blas.ts';
import type { Blas } from './dense-product.ts';
import { findOnnx } from './onnx.ts';

interface Finders {
  openblas: typeof findBlas;
  onnx: typeof findOnnx;
}
const FINDERS: Finders = { openblas: findBlas, onnx: findOnnx };

/**
 * The library for dense products that ENGINE_BLAS asks for; null where it asks for none (AMX needs none),
 * or for any and there is none. @throws UserError for an unknown value, and where the one that it names is
 * not here
 */
export function findLibrary(
  threads: number,
  how: string = process.env.ENGINE_BLAS ?? 'auto',
  finders: Finders = FINDERS,
): Blas | null {
  const choice = blasChoices.find((one) => one === how);
  if (choice === undefined)
    throw new UserError(`ENGINE_BLAS=${how}: must be one of ${blasChoices.join(', ')}`);
  if (choice === 'off' || choice === 'amx') return null;
  if (choice === 'auto') return finders.openblas(threads) ?? finders.onnx(threads);
  const found = finders[choice](threads);
  if (found) return found;
  throw new UserError(`ENGINE_BLAS=${choice}: it is not installed here: ${REMEDIES[choice]}`);
}

const REMEDIES = {
  openblas: 'apt-get install libopenblas0-pthread',
  onnx: 'npm run setup:onnx',
};

/** The name of a library that is here, as `--blas` has it; null if there is none. */
export function libraryHere(finders: Finders = FINDERS): 'openblas' | 'onnx' | null {
  return (['openblas', 'onnx'] as const).find((name) => finders[name](1) !== null) ?? null;
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';

/** A tensor of a golden fixture: row-major, infinities as strings. */
export interface GoldenTensor {
  shape: number[];
  data: (number | 'Infinity' | '-Infinity')[];
}

/** Reads a golden fixture; the folder is `GOLDEN_DIR` or the project's copy. Test support. */
export function golden<T>(file: string): T {
  const dir = process.env.GOLDEN_DIR || join(import.meta.dirname, '../test/golden');
  const path = join(dir, file);
  if (!existsSync(path)) {
    throw new UserError(
      `${path}: there is no such file; GOLDEN_DIR must name a folder with all files of test/golden`,
    );
  }
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

export function numbers(tensor: GoldenTensor): Float64Array {
  return Float64Array.from(tensor.data, Number);
}

export function floats(tensor: GoldenTensor): Float32Array {
  return Float32Array.from(tensor.data, Number);
}

/** The largest |a - b| / (tolerance·(1 + |b|)): at most 1 when all agree. Lengths must be equal. */
export function disagreement(a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 1e-5): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers against ${b.length}`);
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    const error = Math.abs(a[i] - b[i]) / (tolerance * (1 + Math.abs(b[i])));
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return worst;
}

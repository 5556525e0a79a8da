import { Random, type Seed } from '../random.ts';
import { permutation } from './order.ts';

/** Layers for each doubling of the dimension. With two, a coordinate's weight is spread over all others. */
const LAYERS_PER_DOUBLING = 2;
const TILE = 32;

/** Changes rows of a batch in place: x [rows, d]. */
export type Rotation = (x: Float32Array, rows: number) => void;

/**
 * An orthogonal map of d dimensions that only the key tells: layers of plane rotations by random angles, each
 * over random pairs of all coordinates (Kac's walk). It takes O(d log d) for a row where a full matrix takes
 * d². Sums are in float64 and are rounded once, so lengths and angles are kept to float32.
 */
export function rotationOf(key: Seed, d: number): Rotation {
  const random = new Random(key, 'rotation', 0);
  const half = d >> 1;
  const layers = LAYERS_PER_DOUBLING * Math.ceil(Math.log2(Math.max(2, d)));
  const pairs = new Uint32Array(2 * half * layers);
  const cosines = new Float64Array(half * layers);
  const sines = new Float64Array(half * layers);
  for (let layer = 0; layer < layers; layer++) {
    pairs.set(permutation(d, random).subarray(0, 2 * half), 2 * half * layer);
    for (let at = half * layer; at < half * (layer + 1); at++) {
      const angle = 2 * Math.PI * random.uniform();
      cosines[at] = Math.cos(angle);
      sines[at] = Math.sin(angle);
    }
  }
  // A tile of rows, column by column: a plane is looked up once for all of them.
  const tile = new Float64Array(d * TILE);
  return (x, rows) => {
    for (let first = 0; first < rows; first += TILE) {
      const count = Math.min(TILE, rows - first);
      for (let row = 0, from = first * d; row < count; row++)
        for (let i = 0; i < d; i++) tile[i * TILE + row] = x[from++];
      for (let at = 0; at < cosines.length; at++) {
        const [cosine, sine] = [cosines[at], sines[at]];
        let i = pairs[2 * at] * TILE;
        let j = pairs[2 * at + 1] * TILE;
        for (const end = i + count; i < end; i++, j++) {
          const a = tile[i];
          const b = tile[j];
          tile[i] = cosine * a - sine * b;
          tile[j] = sine * a + cosine * b;
        }
      }
      for (let row = 0, to = first * d; row < count; row++)
        for (let i = 0; i < d; i++) x[to++] = tile[i * TILE + row];
    }
  };
}

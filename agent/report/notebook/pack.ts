import { gzipSync } from 'node:zlib';

/** Points of a curve that the page draws; a record may be of any program's. */
const MOST_POINTS = 200;

/**
 * JSON, gzipped, in letters that may stand in a page: no `<` can end the element that holds it. The page
 * opens it with DecompressionStream.
 */
export const packed = (value: unknown): string => gzipSync(JSON.stringify(value)).toString('base64');

/** At most 200 points of a curve, evenly taken, the last one always. */
export function thinned<T>(points: readonly T[], most = MOST_POINTS): T[] {
  if (points.length <= most) return [...points];
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => points[Math.round(i * step)] as T);
}

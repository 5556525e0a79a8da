import { join } from 'node:path';

const workspace = join(import.meta.dirname, '..');

/** The place in the workspace that an error came out of, as `sae/architectures/topk.ts:31: `; '' where its stack names none. */
export function whereThrown(error: unknown): string {
  const frames = (error instanceof Error ? (error.stack ?? '') : '').split('\n');
  const places = frames.flatMap((frame) => {
    const at = frame.indexOf(`${workspace}/`);
    if (at < 0) return [];
    const [, place] = /^([^:]+:\d+)/.exec(frame.slice(at + workspace.length + 1)) ?? [];
    return place ? [place] : [];
  });
  // What architectures and add-ons share is rarely where the mistake is.
  const own = places.find((place) => /^(architectures|addons)\//.test(place));
  const found = own ?? places.find((place) => place.startsWith('parts/'));
  return found ? `sae/${found}: ` : '';
}

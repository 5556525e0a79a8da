import { join } from 'node:path';

const workspace = join(import.meta.dirname, '..');

/**
 * Where in the workspace an error was thrown: `sae/architectures/topk.ts:31: `, or '' if its stack does not
 * say.
 */
export function whereThrown(error: unknown): string {
  const frames = (error instanceof Error ? (error.stack ?? '') : '').split('\n');
  const places = frames.flatMap((frame) => {
    const at = frame.indexOf(`${workspace}/`);
    if (at < 0) return [];
    const [, place] = /^([^:]+:\d+)/.exec(frame.slice(at + workspace.length + 1)) ?? [];
    return place ? [place] : [];
  });
  // The mistake is rarely in the shared parts: an architecture or add-on comes first.
  const own = places.find((place) => /^(architectures|addons)\//.test(place));
  const found = own ?? places.find((place) => place.startsWith('parts/'));
  return found ? `sae/${found}: ` : '';
}

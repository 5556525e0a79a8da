import { Random, type Seed } from '../random.ts';
import { type Activations, wrong } from './layout.ts';
import { permutation } from './order.ts';
import { type ContextRun, heldOutRuns, rankOf, type Split } from './split.ts';

/** Rows that are held out, in the order in which they are judged. */
export interface HeldOutRows {
  /** By row: its number in the folder. */
  places: Float64Array;
  /** By row: 1 where probes are fitted on it. All rows of a context are in one half. */
  half: Uint8Array;
}

/**
 * At most `count` rows that are held out: of contexts that the seed chooses, whole but for the last one,
 * shuffled. Every other context is one that probes are fitted on.
 * @throws UserError where fewer than two contexts are held out
 */
export function sampleHeldOut(
  activations: Activations,
  split: Split,
  seed: Seed,
  count: number,
): HeldOutRows {
  const byContext = new Map<string, ContextRun[]>();
  for (const run of heldOutRuns(activations, split)) {
    const known = byContext.get(`${run.id}`);
    if (known) known.push(run);
    else byContext.set(`${run.id}`, [run]);
  }
  if (byContext.size < 2)
    throw wrong(
      activations.spans[0].file.path,
      `one context alone is held out, and probes need two: one to be fitted on, one to be tested on`,
    );
  const key = typeof seed === 'number' ? `seed ${seed}` : seed;
  const contexts = [...byContext.values()]
    .map((runs) => ({ runs, rank: rankOf(key, runs[0].id) }))
    .sort((a, b) => a.rank - b.rank);
  const places: number[] = [];
  const half: number[] = [];
  // So that a long context does not take both halves.
  const most = Math.ceil(count / 2);
  contexts.forEach(({ runs }, at) => {
    const end = Math.min(count, places.length + most);
    for (const { row, count: rows } of runs) {
      for (let own = 0; own < rows && places.length < end; own++) {
        places.push(row + own);
        half.push(at % 2 === 0 ? 1 : 0);
      }
    }
  });
  const order = permutation(places.length, new Random(seed, 'order of held-out rows', 0));
  return {
    places: Float64Array.from(order, (at) => places[at]),
    half: Uint8Array.from(order, (at) => half[at]),
  };
}

// Simulates nights by the rule of docs/statistics.md, with the noise of each profile of TASK.md:
//   npm run test:statistics

import { simulate } from '#agent/ledger/confirm-simulation';
import { budgetOf, noiseOf } from '#contract/noise';
import { profileOf, readTask } from '#contract/task';

const NIGHTS = 4000;
/** The true gains that are tried, in deviations of a pair. */
const GAINS = [0.5, 1, 1.5, 2, 3];

/** Random numbers from a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const task = readTask('TASK.md');
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
for (const name of Object.keys(task.contract.profiles)) {
  const { confirm, staged, budgets } = profileOf(task, name);
  if (confirm === false) continue;
  const noise = noiseOf(task, name);
  const budget = budgetOf(budgets, confirm.samples ?? budgets.full);
  const world = { ...noise.unlike[budget], noise: staged ? 0 : noise.full, looks: confirm.looks };
  const random = seeded(1);
  const night = { ...world, candidates: 30, gain: 0, nth: 1 };
  const fresh = simulate({ ...night, kept: false }, NIGHTS, random);
  const kept = simulate({ ...night, kept: true }, NIGHTS, random);
  console.log(
    `\n${name}: a pair deviates by ${world.deviation} (${world.df} degrees of freedom), looks ${confirm.looks}`,
  );
  console.log(
    `30 equal candidates: a false best in ${percent(kept.confirmed)} of nights (${percent(fresh.confirmed)} where the best is measured anew each time), ${kept.pairs.toFixed(1)} pairs each`,
  );
  for (const noises of GAINS) {
    const gain = noises * world.deviation;
    const [first, last] = [1, 30].map((nth) =>
      simulate({ ...world, candidates: 1, gain, nth, kept: true }, NIGHTS, random),
    );
    console.log(
      `a true gain of ${gain.toFixed(4)} (${noises} deviations): confirmed in ${percent(first?.confirmed ?? 0)}, as the 30th candidate in ${percent(last?.confirmed ?? 0)}; ${first?.pairs.toFixed(1)} pairs`,
    );
  }
}

import { type ConfirmRule, standingOf } from './confirm-rule.ts';

/** A night of candidates that are built on each other: each adds one of these worths, in deviations. */
export interface StackNight extends Omit<ConfirmRule, 'nth'> {
  worths: readonly number[];
  candidates: number;
  most: number;
}

/** How far the best came, in deviations of a pair, and how deep its stacks were; means over the nights. */
export interface StackResult {
  gained: number;
  deepest: number;
}

export function simulateStacks(night: StackNight, nights: number, random: () => number): StackResult {
  const all = { gained: 0, deepest: 0 };
  for (let i = 0; i < nights; i++) {
    const { gained, deepest } = simulateNight(night, random);
    all.gained += gained / nights;
    all.deepest += deepest / nights;
  }
  return all;
}

function simulateNight({ worths, candidates, most, ...of }: StackNight, random: () => number): StackResult {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const all = { gained: 0, deepest: 0 };
  let [stack, depth] = [0, 0];
  for (let nth = 1; nth <= candidates; nth++) {
    const total = stack + (worths[Math.floor(random() * worths.length)] ?? 0);
    const gains: number[] = [];
    const standing = () => standingOf(gains, { ...of, nth }).state;
    let state: ReturnType<typeof standing> = 'open';
    while (state === 'open') {
      gains.push((total + normal()) * of.deviation);
      state = standing();
    }
    if (state === 'confirmed') all.gained += total;
    if (state === 'small' && depth < most) [stack, depth] = [total, depth + 1];
    else if (state === 'confirmed' || depth >= most) [stack, depth] = [0, 0];
    all.deepest = Math.max(all.deepest, depth);
  }
  return all;
}

import { UserError } from '#contract/errors';
import { nativeChoices } from '#contract/native';
import { featuresOf } from '../embedded/processor.ts';

/**
 * The sets of instructions that kernels in C are built for, the widest first: what a person reads, what
 * /proc/cpuinfo calls the features, and what the compiler is told.
 */
export const LEVELS = {
  avx512: {
    label: 'AVX-512',
    features: ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx2', 'fma'],
    words: ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx2', '-mfma'],
  },
  avx2: { label: 'AVX2', features: ['avx2', 'fma'], words: ['-mavx2', '-mfma'] },
} as const;
export type Level = keyof typeof LEVELS;
export const levels = Object.keys(LEVELS) as Level[];

/** The levels that a processor has, by the text of its /proc/cpuinfo. */
export function levelsOf(cpuinfo: string): Level[] {
  const features = featuresOf(cpuinfo);
  return levels.filter((level) => LEVELS[level].features.every((feature) => features.has(feature)));
}

/**
 * The level that ENGINE_NATIVE asks for, of those that the processor has; null for none.
 * @throws UserError for an unknown value, and for a level that the processor lacks
 */
export function chooseLevel(how: string, has: readonly Level[]): Level | null {
  const choice = nativeChoices.find((one) => one === how);
  if (choice === undefined)
    throw new UserError(`ENGINE_NATIVE=${how}: must be one of ${nativeChoices.join(', ')}`);
  if (choice === 'off') return null;
  if (choice === 'auto') return has[0] ?? null;
  if (has.includes(choice)) return choice;
  throw new UserError(`ENGINE_NATIVE=${choice}: this processor has no ${LEVELS[choice].label}`);
}

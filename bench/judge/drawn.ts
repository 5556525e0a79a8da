import { randomBytes } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import type { Verdict } from '#contract/verdict';
import type { Seed } from '../random.ts';

/** A key for fresh rows that nobody has seen, and that cannot be found by trying. */
export const freshKey = (): Seed => randomBytes(16);

/** Parses a key in hex, at least 128 bits. */
export function keyOf(text: string): Uint8Array {
  if (/^([0-9a-f]{2}){16,64}$/.test(text)) return Buffer.from(text, 'hex');
  throw new InvalidArgumentError('must be a key of 16 to 64 bytes in hex, as a verdict has it');
}

/** How a verdict says what its rows were drawn from. */
export const drawnFrom = (seed: Seed): Pick<Verdict['evaluation'], 'seed' | 'key'> =>
  typeof seed === 'number' ? { seed } : { key: Buffer.from(seed).toString('hex') };

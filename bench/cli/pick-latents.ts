import { type Command, Option } from 'commander';
import { UserError } from '#contract/errors';
import type { LatentRow } from '../eval/latents.ts';

const SORTS = {
  f1: 'f1',
  precision: 'precision',
  recall: 'recall',
  cosine: 'cosine',
  rate: 'latentRate',
} as const;

/** What latents are picked by. */
export interface PickOptions {
  sort: keyof typeof SORTS;
  latents?: string;
}

export const withPickOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--sort <by>', 'metric by which latents are sorted')
        .choices(Object.keys(SORTS))
        .default('f1'),
    )
    .option('--latents <list>', 'print these latents instead: 0,5,17');

/** The latents that were asked for by their numbers; null where none were. @throws UserError */
export function chosen(rows: readonly LatentRow[], options: PickOptions): LatentRow[] | null {
  return numbersOf(rows.length, options)?.map((latent) => rows[latent]) ?? null;
}

/** The numbers that --latents names, of `count` latents; null without it. @throws UserError */
export function numbersOf(count: number, { latents }: PickOptions): number[] | null {
  if (latents === undefined) return null;
  return latents.split(',').map((text) => {
    if (/^\d+$/.test(text.trim()) && Number(text) < count) return Number(text);
    throw new UserError(`--latents: "${text}" is not a latent; give numbers from 0 to ${count - 1}`);
  });
}

/** All latents, the worst first. */
export function worstFirst(rows: readonly LatentRow[], { sort }: PickOptions): LatentRow[] {
  const key = SORTS[sort];
  return [...rows].sort((a, b) => a[key] - b[key] || a.latent - b.latent);
}

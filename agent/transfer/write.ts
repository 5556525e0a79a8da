import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '#contract/atomic';
import type { Task } from '#contract/task';
import type { Transfer } from '#contract/transfer';
import { writeHtml } from '../report/write/html.ts';
import { writeMarkdown } from '../report/write/markdown.ts';
import { writePdf } from '../report/write/pdf.ts';
import { compared, type Made } from './comparison.ts';
import type { Printed } from './groups.ts';
import { transferPage } from './page.ts';
import type { Recipe } from './plan.ts';
import { paragraph } from './words.ts';

/** What a transfer is about, besides its runs. */
interface About {
  task: Task;
  other: Task;
  transfer: Transfer;
  recipes: readonly Recipe[];
  seeds: readonly number[];
  middle: number;
  /** The folder of the other data. */
  data: string;
  profileName: string;
  /** Runs of the plan. */
  wanted: number;
  samples: { own: number; other: number };
  command: string;
}

/**
 * Writes `summary.json` and, `whole`, the page as README.md, transfer.html and transfer.pdf. Returns the
 * paragraph of the page.
 */
export async function writeTransfer(
  folder: string,
  made: readonly Made[],
  about: About,
  how: 'numbers' | 'whole',
): Promise<string> {
  const { task, other, transfer, recipes, seeds, middle, data, profileName, samples, command } = about;
  const comparison = compared({
    ...{ made, recipes, transfer, seeds, middle, metric: task.contract.metric },
    worlds: { own: profileName, other: basename(data) },
  });
  const words = paragraph(comparison);
  const at = new Date().toISOString();
  const facts = { version: 1, data, profile: profileName, samples, seeds, middle, command, at };
  const runs = made.map(({ wanted, run }) => ({
    recipe: wanted.recipe.name,
    where: wanted.where,
    at: wanted.at,
    ...run,
  }));
  writeJsonAtomic(join(folder, 'summary.json'), { ...facts, paragraph: words, comparison, runs });
  if (how === 'numbers') return words;
  const shown = (of: Task, first: readonly string[]) =>
    [...new Set([...first, ...of.contract.also])].slice(0, 5);
  const { against } = other.contract.plots;
  const report = await transferPage(made, recipes, comparison, {
    ...{ transfer, middle, samples, seeds, command, at, wanted: about.wanted, foot: task.contract.title },
    shown: {
      own: [task.contract.metric],
      other: shown(other, transfer.metrics),
    },
    against: against ?? { field: transfer.along.setting, label: transfer.along.setting },
  });
  writeFileAtomic(join(folder, 'README.md'), writeMarkdown(report, '.'));
  writeFileAtomic(join(folder, 'transfer.html'), await writeHtml(report));
  const { bytes } = writePdf(report);
  writeFileAtomic(join(folder, 'transfer.pdf'), bytes);
  return words;
}

/** The name of a transfer's folder: another one for other runs. */
export function nameOfTransfer(
  data: string,
  runs: readonly Printed[],
  { samples }: Pick<About, 'samples'>,
): string {
  const prints = runs.map(({ where, member }) => [where, member.fingerprint, member.seed, member.settings]);
  const hash = createHash('sha256')
    .update(JSON.stringify([samples, prints]))
    .digest('hex')
    .slice(0, 8);
  return `transfer-${data.replace(/[^\w.-]+/g, '-').slice(0, 60)}-${hash}`;
}

// What an SAE has learned, for people: `npm run inspect`. With --out it writes all that the judge knows of
// it, the truth included, so the folder must be one that the researcher cannot read.
//   node --import tsx bench/cli/inspect-by-hand.ts checkpoints/2026-02-19--10-37-12-matryoshka-s0
//   node --import tsx bench/cli/inspect-by-hand.ts checkpoints/... --out state/inspected/matryoshka
import { resolve } from 'node:path';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { isSeen } from '#host/sight';
import { makeWritable } from '#host/writable';
import type { LatentRow } from '../eval/latents.ts';
import { drawnFrom, freshKey } from '../judge/drawn.ts';
import { metricsOf } from '../judge/measure.ts';
import { fileOf } from '../judge/run-folder.ts';
import { openSubject, type Subject } from '../judge/subject.ts';
import type { Seed } from '../random.ts';
import { isRowsWorld } from '../worlds.ts';
import {
  groupsText,
  type InspectOptions,
  type Look,
  look,
  openInspected,
  withInspectOptions,
} from './inspected.ts';
import { Kept, writeInspected } from './inspected-files.ts';
import { latentLines } from './latent-lines.ts';
import { tellPerson } from './measuring.ts';
import { chosen, type PickOptions, withPickOptions, worstFirst } from './pick-latents.ts';
import { endOnSignals, print } from './program.ts';

type Options = InspectOptions & PickOptions & { out?: string; rows: number; worst: number; best: number };

await runMain(async () => {
  const command = parsed(
    withPickOptions(
      withInspectOptions(
        program(
          'npm run inspect --',
          'Shows what a run has learned: its worst and its best latents, each with the feature whose direction is nearest, and those that never fire. With --out it writes tables of all latents and features, and codes of fresh rows, for Python.',
        ),
      ),
    )
      .option('--worst <n>', 'number of the worst latents to print', whole(0), 10)
      .option('--best <n>', 'number of the best latents to print', whole(0), 10)
      .option('--out <folder>', 'write the tables (CSV and safetensors) and codes into this folder')
      .option(
        '--rows <n>',
        'with --out: rows whose activations, codes and features are written',
        whole(0),
        4096,
      )
      .addHelpText(
        'after',
        `
The run comes first: a folder, an id, words that are in the id of one run only, or "best".
--out holds the truth, which the researcher must not see: a folder in state/, in a home or a temporary folder.
Examples:
  npm run inspect -- best
  npm run inspect -- matryoshka-k=4-s0 --worst 30 --sort cosine
  npm run inspect -- checkpoints/<run>/out/evals/512000.safetensors
  npm run inspect -- checkpoints/<run> --out state/inspected/<run>
  npm run inspect -- my-saelens-sae --profile small
In Python: examples/notebook/`,
      ),
  );
  if (!command) return 0;
  endOnSignals();
  const options = command.opts<Options>();
  const { folder, file } = fileOf(command.args[0]);
  const out = options.out === undefined ? null : outFolder(options.out);
  const seed = options.evalSeed ?? freshKey();
  const judging = { ...options, seed };
  const subject = openSubject(folder, judging);
  if (isRowsWorld(subject.world)) {
    await printRows(subject, judging, file);
    return 0;
  }
  const opened = await openInspected(subject, judging, file);
  const samples = options.samples ?? opened.profile.evaluation.snapshot;
  const kept = new Kept(out === null ? 0 : Math.min(options.rows, samples));
  const tell = tellPerson();
  let done = 0;
  const looked = await look(opened, samples, {
    onBatch: (truth, codes, { best }) => {
      kept.count(codes, best.length);
      done += truth.rows;
      tell({ done, of: samples, unit: 'fresh rows' });
    },
    onAnswer: (_, x, codes, truth) => kept.keep(x, codes, truth),
  });
  const { name, world } = opened;
  const drawn = { samples, ...drawnFrom(seed) };
  const title = `${name}: ${looked.rows.length} latents, ${world.world.numFeatures} features of the world ${world.name}, ${samples} fresh samples`;
  if (out === null) {
    print(`${title}\n${shownText(looked, options)}`);
    return 0;
  }
  const about = { name, folder: resolve(folder), file, ...drawn };
  const files = writeInspected(out, { about, world, look: looked, kept });
  print(`${title}\n${out}: ${files.join(', ')}\n`);
  return 0;
});

/** In a world of rows: the labels that latents detect, and their strongest tokens. */
async function printRows(subject: Subject, options: Options & { seed: Seed }, file: string): Promise<void> {
  if (options.out !== undefined)
    throw new UserError(`--out: the world ${subject.world} has no true features to write`);
  // Loaded here alone: the Arrow library takes a while.
  const { chosenRows, lookAtRows, worstRowsFirst } = await import('./inspected-rows.ts');
  const { title, summary, rows, lines } = await lookAtRows(subject, options, file);
  const alive = worstRowsFirst(rows, options);
  const dead = rows.filter(({ rate }) => rate === 0).map(({ latent }) => latent);
  const picked = chosenRows(rows, options);
  const worst = alive.slice(0, options.worst);
  const best = alive.slice(worst.length).reverse().slice(0, options.best);
  const shown = picked
    ? lines(picked)
    : [
        `The best by ${options.sort}:`,
        ...lines(best),
        '',
        `The worst by ${options.sort}:`,
        ...lines(worst),
        '',
        `Dead latents (never fired): ${dead.length === 0 ? 'none' : `${dead.length}: ${dead.join(', ')}`}`,
      ];
  print(`${[title, ...summary, '', ...shown].join('\n')}\n`);
}

/** @throws UserError for a folder that the researcher's shell could read, or that cannot be written */
function outFolder(asked: string): string {
  if (isSeen(asked, process.cwd()))
    throw new UserError(
      `--out ${asked}: the researcher's shell could read it there, and it holds the true features; name a folder in state/ (state/inspected/...), in a home or a temporary folder`,
    );
  makeWritable('--out', asked);
  return resolve(asked);
}

function shownText({ measurement, deciding, rows }: Look, options: Options): string {
  const picked = chosen(rows, options);
  if (picked) return ['', ...latentLines(picked), ''].join('\n');
  const { deciding: metrics } = metricsOf(measurement);
  const named = ['f1', 'f1_one_to_one', 'mcc', 'uniqueness', 'l0', 'true_l0', 'explained_variance'];
  const dead = rows.filter(({ latent }) => deciding.fired[latent] === 0);
  const alive = worstFirst(rows, options).filter(({ latent }) => deciding.fired[latent] > 0);
  const worst = alive.slice(0, options.worst);
  const best = alive.slice(worst.length).reverse().slice(0, options.best);
  return [
    named.map((name) => `${name} ${metrics[name].toFixed(3)}`).join('  '),
    ...part(`The worst by ${options.sort}`, worst),
    ...part(`The best by ${options.sort}`, best),
    '',
    dead.length === 0
      ? 'Dead latents (never fired): none'
      : `Dead latents (never fired): ${dead.length}: ${dead.map(({ latent }) => latent).join(', ')}`,
    '',
    groupsText(rows),
  ].join('\n');
}

function part(title: string, rows: readonly LatentRow[]): string[] {
  return rows.length === 0 ? [] : ['', `${title}:`, ...latentLines(rows)];
}

// Which latents go wrong, and on what. Runs on the judge's side and prints no vector of the truth.
//   node --import tsx bench/cli/inspect.ts checkpoints/2026-02-19--10-37-12-matryoshka-s0 --worst 20
//   node --import tsx bench/cli/inspect.ts checkpoints/... --latents 0,5,17
//   node --import tsx bench/cli/inspect.ts my-saelens-sae --profile small
import { Option } from 'commander';
import { parsed, program, whole } from '#contract/command-line';
import { violation } from '#contract/condition';
import { runMain, UserError } from '#contract/errors';
import type { SandboxChoice } from '#host/by-hand';
import { Confusion } from '../eval/confusion.ts';
import { byDepth, byRate, type Group, type LatentRow, latentRows } from '../eval/latents.ts';
import { openCase } from '../judge/case.ts';
import { freshKey } from '../judge/drawn.ts';
import { decidingEvaluation } from '../judge/measure.ts';
import { openSaved, profileOfSaved, type SavedCase } from '../judge/saved.ts';
import { sayBuilding } from './building.ts';
import { latentLines } from './latent-lines.ts';
import { endOnSignals, print } from './program.ts';

const SORTS = {
  f1: 'f1',
  precision: 'precision',
  recall: 'recall',
  cosine: 'cosine',
  rate: 'latentRate',
} as const;

interface Options {
  profile?: string;
  treeDir?: string;
  world?: string;
  sort: keyof typeof SORTS;
  worst: number;
  latents?: string;
  samples?: number;
  evalSeed?: number;
  stallSeconds: number;
  sandbox?: SandboxChoice;
}

await runMain(async () => {
  const command = parsed(
    program(
      'inspect',
      'Prints the latents of a run, each with the feature whose direction is nearest, the worst latent first.',
    )
      .argument(
        '<folder>',
        'folder of a run, or of an SAE that SAELens saved (cfg.json, sae_weights.safetensors)',
      )
      .option(
        '--profile <name>',
        'profile of TASK.md for an SAE that SAELens saved (a run has its own profile)',
      )
      .addOption(
        new Option('--sort <by>', 'metric by which latents are sorted')
          .choices(Object.keys(SORTS))
          .default('f1'),
      )
      .option('--worst <n>', 'number of latents to print', whole(1), 20)
      .option('--latents <list>', 'print these latents instead of the worst: 0,5,17')
      .option(
        '--tree-dir <dir>',
        'folder of the workspace to run the encoder from (default: the tree of the run)',
      )
      .option('--world <name>', 'use this world instead of the profile’s')
      .option('--samples <n>', 'fresh samples (default: a snapshot’s, as the profile says)', whole(1))
      .option('--eval-seed <n>', 'seed of the samples (default: a new key each time)', whole(0))
      .addOption(
        new Option('--sandbox <how>', 'bubblewrap for the encoder where it works').choices(['auto', 'off']),
      )
      .option('--stall-seconds <n>', 'end an encoder that answers nothing for this long', whole(1), 120)
      .addHelpText(
        'after',
        [
          '\nfeature: an opaque id. confused with: the feature that is most often active when the latent fires without its own feature; how it',
          'relates to that feature in the hierarchy, and the share of these false alarms in which it is active.',
          '\nExamples:\n  node --import tsx bench/cli/inspect.ts checkpoints/2026-02-19--10-37-12-matryoshka-s0 --worst 50',
          '  node --import tsx bench/cli/inspect.ts my-saelens-sae --profile small --latents 0,5,17',
        ].join('\n'),
      ),
  );
  if (!command) return 0;
  endOnSignals();
  const options = command.opts<Options>();
  const opened = await open(command.args[0], options);
  const { world } = opened.world;
  let confusion: Confusion | undefined;
  const samples = options.samples ?? opened.profile.evaluation.snapshot;
  const measurement = await opened.measure(samples, {
    onBatch: (truth, codes, { best }) => {
      confusion ??= new Confusion(best.length, world.numFeatures);
      confusion.add(truth, codes, best);
    },
  });
  const { matching } = measurement;
  const rows = latentRows(
    world,
    matching,
    decidingEvaluation(measurement),
    confusion ?? new Confusion(matching.best.length, world.numFeatures),
  );
  const shown = options.latents ? chosen(options.latents, rows) : worst(rows, options);
  print(
    [
      `${opened.name}: ${shown.length} of ${rows.length} latents, ${samples} fresh samples`,
      '',
      ...latentLines(shown),
      '',
      ...groupLines('by depth of the feature', byDepth(rows)),
      '',
      ...groupLines('by firing rate of the feature', byRate(rows)),
      '',
    ].join('\n'),
  );
  return 0;
});

/** Opens a run's checkpoint or an SAE that SAELens saved; both are inspected in the same way. */
async function open(path: string, options: Options): Promise<SavedCase> {
  const judging = { ...options, seed: options.evalSeed ?? freshKey(), onBuild: sayBuilding };
  const profile = profileOfSaved(path, options.profile);
  if (profile !== null) return openSaved(path, { ...judging, profile });
  const opened = await openCase(path, judging);
  const { id } = opened.folder.run;
  const { width } = opened.profile.constraints;
  return {
    name: id,
    profile: opened.profile,
    world: opened.world,
    measure: async (samples, asked) => {
      const measurement = await opened.measure('checkpoint.safetensors', samples, asked);
      const latents = measurement.matching.best.length;
      // More rows than a run may have would be probes of the truth.
      const why = width === undefined ? null : violation(width, latents, []);
      if (why !== null) throw new UserError(`${id}: is not shown: its width is ${why}`);
      return measurement;
    },
  };
}

function worst(rows: readonly LatentRow[], { sort, worst: count }: Options): LatentRow[] {
  const key = SORTS[sort];
  return [...rows].sort((a, b) => a[key] - b[key] || a.latent - b.latent).slice(0, count);
}

function chosen(list: string, rows: readonly LatentRow[]): LatentRow[] {
  return list.split(',').map((text) => {
    const row = /^\d+$/.test(text.trim()) ? rows[Number(text)] : undefined;
    if (!row)
      throw new UserError(`--latents: "${text}" is not a latent; give numbers from 0 to ${rows.length - 1}`);
    return row;
  });
}

function groupLines(title: string, groups: readonly Group[]): string[] {
  return [
    `${title.padEnd(32)} latents precision  recall      F1`,
    ...groups.map(
      ({ name, latents, precision, recall, f1 }) =>
        `${name.padEnd(32)} ${String(latents).padStart(7)} ${precision.toFixed(3).padStart(9)} ${recall
          .toFixed(3)
          .padStart(7)} ${f1.toFixed(3).padStart(7)}`,
    ),
  ];
}

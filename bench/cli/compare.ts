// The latents of one run that another lacks. Runs on the judge's side and prints no vector of the truth.
//   node --import tsx bench/cli/compare.ts checkpoints/2026-02-19--10-37-12-default-s0 checkpoints/...
import { Option } from 'commander';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import type { SandboxChoice } from '#host/by-hand';
import { Confusion } from '../eval/confusion.ts';
import { DETECTS, detected, lackingIn } from '../eval/lacking.ts';
import { type LatentRow, latentRows } from '../eval/latents.ts';
import { openCase } from '../judge/case.ts';
import { freshKey } from '../judge/drawn.ts';
import { decidingEvaluation } from '../judge/measure.ts';
import { openRun } from '../judge/subject.ts';
import { sayBuilding } from './building.ts';
import { latentLines } from './latent-lines.ts';
import { endOnSignals, print } from './program.ts';

interface Options {
  treeDir?: string;
  most: number;
  samples?: number;
  evalSeed?: number;
  stallSeconds: number;
  sandbox?: SandboxChoice;
}

await runMain(async () => {
  const command = parsed(
    program(
      'compare',
      `Measures two runs on the same fresh samples and prints the latents of each that detect (F1 of at least ${DETECTS}) a feature which no latent of the other detects.`,
    )
      .argument('<folder>', 'folder of a run')
      .argument('<other>', 'folder of another run of the same profile')
      .option(
        '--tree-dir <dir>',
        'folder of the workspace to run both encoders from (default: the tree of each run)',
      )
      .option('--most <n>', 'number of latents to print of each', whole(1), 20)
      .option('--samples <n>', 'fresh samples (default: a snapshot’s, as the profile says)', whole(1))
      .option('--eval-seed <n>', 'seed of the samples (default: a new key each time)', whole(0))
      .addOption(
        new Option('--sandbox <how>', 'bubblewrap for the encoder where it works').choices(['auto', 'off']),
      )
      .option('--stall-seconds <n>', 'end an encoder that answers nothing for this long', whole(1), 120),
  );
  if (!command) return 0;
  endOnSignals();
  const options = command.opts<Options>();
  const seed = options.evalSeed ?? freshKey();
  const judging = { ...options, seed, onBuild: sayBuilding };
  const cases = await Promise.all(command.args.map((path) => openCase(openRun(path, judging), judging)));
  const [first, second] = cases;
  if (first.world.world.hash !== second.world.world.hash)
    throw new UserError(`${first.name} and ${second.name} were not trained in one world`);
  const samples = options.samples ?? first.profile.evaluation.snapshot;
  const rows: LatentRow[][] = [];
  // One after the other: the cosines of a large world take much memory.
  for (const each of cases) {
    const measurement = await each.measure('checkpoint.safetensors', samples);
    const { world } = each.world;
    const none = new Confusion(measurement.matching.best.length, world.numFeatures);
    rows.push(latentRows(world, measurement.matching, decidingEvaluation(measurement), none));
  }
  const [a, b] = rows;
  const both = [...detected(a)].filter((feature) => detected(b).has(feature)).length;
  print(
    [
      `Features that a latent detects with an F1 of at least ${DETECTS}, on ${samples} fresh samples: ${detected(a).size} by the first, ${detected(b).size} by the second, ${both} by both.`,
      ...part(`the first, ${first.name}`, 'the second', lackingIn(b, a), options.most),
      ...part(`the second, ${second.name}`, 'the first', lackingIn(a, b), options.most),
      '',
    ].join('\n'),
  );
  return 0;
});

function part(name: string, other: string, rows: readonly LatentRow[], most: number): string[] {
  const title = `Latents of ${name}, whose feature ${other} lacks: ${rows.length}`;
  if (rows.length === 0) return ['', title];
  const shown = rows.slice(0, most);
  return [
    '',
    `${title}${shown.length < rows.length ? `, the best ${most}` : ''}`,
    ...latentLines(shown, false),
  ];
}

// Measures a run blind: fresh samples, the run's own encoder, every metric.
//   npm run --silent judge -- checkpoints/2026-02-19--10-37-12-matryoshka-s0
//   npm run --silent judge -- checkpoints/... --samples 50000 --tree-dir .
//   npm run --silent judge -- my-saelens-sae --profile small
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { Option } from 'commander';
import { writeJsonAtomic } from '#contract/atomic';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import type { EvalPoint } from '#contract/run';
import { Verdict } from '#contract/verdict';
import type { SandboxChoice } from '#host/by-hand';
import { withEngineOptions } from '#host/engine-options';
import { openCase } from '../judge/case.ts';
import { FIELDS } from '../judge/fields.ts';
import { EVALUATION_BATCH, metricsOf } from '../judge/measure.ts';
import { observedOf } from '../judge/observed.ts';
import { appendEval, unmeasuredSnapshots } from '../judge/run-folder.ts';
import { judgeSaved, profileOfSaved } from '../judge/saved.ts';
import { sayBuilding } from './building.ts';
import { endOnSignals, print } from './program.ts';

interface Options {
  profile?: string;
  treeDir?: string;
  world?: string;
  evals?: boolean;
  samples?: number;
  evalSeed?: number;
  stallSeconds: number;
  sandbox?: SandboxChoice;
  json?: boolean;
  describe?: boolean;
}

await runMain(async () => {
  const command = parsed(
    withEngineOptions(
      program(
        'npm run judge --',
        'Judges a run: measures its checkpoint on fresh samples and writes verdict.json beside its run.json.',
      )
        .argument(
          '[folder]',
          'folder of a run, or of an SAE that SAELens saved (cfg.json, sae_weights.safetensors)',
        )
        .option(
          '--describe',
          'print the names of the numbers that a verdict has, as JSON, and measure nothing',
        )
        .option(
          '--profile <name>',
          'profile of TASK.md for an SAE that SAELens saved (a run has its own profile)',
        )
        .option(
          '--tree-dir <dir>',
          'folder of the workspace to run the encoder from (default: the tree of the run)',
        )
        .option('--world <name>', 'use this world instead of the profile’s (verdict.json is not written)')
        .option(
          '--evals',
          'measure the snapshots in out/evals/ that evals.jsonl lacks; print one EvalPoint per line',
        )
        .option(
          '--samples <n>',
          'number of fresh samples (default: from the profile; with fewer, verdict.json is not written)',
          whole(1),
        )
        .option('--eval-seed <n>', 'seed of these samples (default: a new one each time)', whole(0))
        .option('--stall-seconds <n>', 'end an encoder that answers nothing for this long', whole(1), 120)
        .addOption(
          new Option('--sandbox <how>', 'bubblewrap for the encoder where it works').choices(['auto', 'off']),
        )
        .option('--json', 'print only the JSON line')
        .addHelpText(
          'after',
          '\nExamples:\n  npm run judge -- checkpoints/2026-02-19--10-37-12-matryoshka-s0 --samples 50000\n  npm run judge -- my-saelens-sae --profile small\n\nThe last line printed is the verdict as JSON.',
        ),
    ),
  );
  if (!command) return 0;
  endOnSignals();
  const options = command.opts<Options>();
  if (options.describe) {
    print(`${JSON.stringify(FIELDS)}\n`);
    return 0;
  }
  // Fresh samples each time: earlier measurements, also the run's snapshots, used other samples.
  const evalSeed = options.evalSeed ?? randomInt(2 ** 31);
  const [path] = command.args;
  if (path === undefined)
    throw new UserError('the folder is missing: give that of a run, or of an SAE that SAELens saved');
  const profile = profileOfSaved(path, options.profile);
  if (profile !== null && options.evals) {
    throw new UserError(`${path}: --evals is for the snapshots of a run`);
  }
  if (options.world !== undefined && options.evals) {
    throw new UserError(
      '--evals measures only in the world of the profile, like all points of evals.jsonl; leave out --world',
    );
  }
  const judging = { ...options, evalSeed, onBuild: sayBuilding };
  if (profile !== null) {
    const verdict = await judgeSaved(path, { ...judging, profile });
    if (!options.json) print(table(verdict.metrics, verdict.also));
    print(`${JSON.stringify(verdict)}\n`);
    return 0;
  }
  const opened = await openCase(path, judging);
  if (options.evals) {
    for (const { samples, name } of unmeasuredSnapshots(opened.folder)) {
      const evaluationSamples = options.samples ?? opened.profile.evaluation.snapshot;
      const { deciding } = metricsOf(await opened.measure(name, evaluationSamples));
      const point: EvalPoint = { samples, evaluationSamples, metrics: deciding };
      appendEval(opened.folder, point);
      print(`${JSON.stringify(point)}\n`);
    }
    return 0;
  }
  const started = performance.now();
  const samples = options.samples ?? opened.profile.evaluation.verdict;
  const measurement = await opened.measure('checkpoint.safetensors', samples);
  const { deciding, also } = metricsOf(measurement);
  const { run, result } = opened.folder;
  const verdict = Verdict.parse({
    version: 1,
    run: run.id,
    kind: 'verified',
    profile: run.profile,
    world: { name: opened.world.name, hash: opened.world.world.hash, kind: 'public' },
    tree: run.tree,
    ...(run.from !== undefined && { from: run.from }),
    metrics: deciding,
    also,
    observed: observedOf(opened.folder, opened.profile, measurement.matching.best.length),
    declared: result?.declared ?? {},
    evaluation: { samples, batch: EVALUATION_BATCH, seed: evalSeed },
    seconds: (performance.now() - started) / 1000,
    at: new Date().toISOString(),
  } satisfies Verdict);
  // A measurement on fewer samples, or in another world, does not replace the verdict.
  const inItsWorld = opened.world.name === opened.profile.world;
  if (inItsWorld && samples >= opened.profile.evaluation.verdict) {
    writeJsonAtomic(join(opened.folder.dir, 'verdict.json'), verdict);
  }
  if (!options.json) print(table(deciding, also));
  print(`${JSON.stringify(verdict)}\n`);
  return 0;
});

/** One row per metric, one column per form. */
function table(deciding: Record<string, number>, also: Record<string, Record<string, number>>): string {
  const columns = { training: deciding, ...also };
  const cell = (text: string): string => text.padStart(12);
  const lines = [
    `${' '.repeat(20)}${Object.keys(columns).map(cell).join('')}`,
    ...Object.keys(deciding).map(
      (name) =>
        name.padEnd(20) +
        Object.values(columns)
          .map((metrics) => cell(String(Number(metrics[name].toPrecision(5)))))
          .join(''),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

// Measures a run blind: fresh samples, the run's own encoder, every metric.
//   npm run --silent judge -- checkpoints/2026-02-19--10-37-12-matryoshka-s0
//   npm run --silent judge -- checkpoints/... --samples 50000 --tree-dir .
//   npm run --silent judge -- my-saelens-sae --profile small
import { join } from 'node:path';
import { Option } from 'commander';
import { writeJsonAtomic } from '#contract/atomic';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import type { EvalPoint } from '#contract/run';
import { Verdict } from '#contract/verdict';
import type { SandboxChoice } from '#host/by-hand';
import { withEngineOptions } from '#host/engine-options';
import { FirstRows } from '../eval/worst.ts';
import { openCase } from '../judge/case.ts';
import { drawnFrom, freshKey, keyOf } from '../judge/drawn.ts';
import { FIELDS } from '../judge/fields.ts';
import { inLanes } from '../judge/lanes.ts';
import { EVALUATION_BATCH, metricsOf } from '../judge/measure.ts';
import { observedOf } from '../judge/observed.ts';
import { onOurDisk } from '../judge/own-fault.ts';
import { partsOf } from '../judge/parts.ts';
import { appendEval, rounded, unmeasuredSnapshots } from '../judge/run-folder.ts';
import { judgeSaved } from '../judge/saved.ts';
import { profileOfSaved } from '../judge/subject.ts';
import { sayBuilding } from './building.ts';
import { tellPerson, tellProgram } from './measuring.ts';
import { endOnSignals, print } from './program.ts';

interface Options {
  profile?: string;
  treeDir?: string;
  world?: string;
  evals?: boolean;
  samples?: number;
  evalSeed?: number;
  evalKey?: Uint8Array;
  stallSeconds: number;
  sandbox?: SandboxChoice;
  json?: boolean;
  describe?: boolean;
}

/** Features up to which two snapshots are measured at a time. */
const SMALL_WORLD = 4096;

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
        .option(
          '--eval-key <hex>',
          'draw the samples of this key again (default: a new key each time)',
          keyOf,
        )
        .option('--eval-seed <n>', 'draw the samples of this seed, instead of a key', whole(0))
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
  const seed = options.evalSeed ?? options.evalKey ?? freshKey();
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
  const tell = options.json ? tellProgram() : tellPerson();
  const judging = {
    ...{ ...options, seed, onBuild: sayBuilding },
    onRows: options.evals ? undefined : (done: number, of: number) => tell({ done, of, unit: 'fresh rows' }),
  };
  if (profile !== null) {
    const verdict = await judgeSaved(path, { ...judging, profile });
    if (!options.json) print(table(verdict.metrics, verdict.also));
    print(`${JSON.stringify(verdict)}\n`);
    return 0;
  }
  const opened = await openCase(path, judging);
  if (options.evals) {
    const evaluationSamples = options.samples ?? opened.profile.evaluation.snapshot;
    const snapshots = unmeasuredSnapshots(opened.folder, opened.profile.batch);
    // The start of an encoder takes most of the time of a snapshot in a small world, and most of the memory
    // in a large one.
    const lanes = opened.world.world.numFeatures <= SMALL_WORLD ? 2 : 1;
    const points = inLanes(snapshots, lanes, async ({ samples, name }, lane): Promise<EvalPoint> => {
      const { deciding } = metricsOf(await opened.measure(name, evaluationSamples, { lane }));
      return { samples, evaluationSamples, metrics: rounded(deciding) };
    });
    let done = 0;
    const told = (): void => tell({ done, of: snapshots.length, unit: 'snapshots' });
    if (snapshots.length > 0) told();
    for await (const point of points) {
      appendEval(opened.folder, point);
      print(`${JSON.stringify(point)}\n`);
      done++;
      told();
    }
    return 0;
  }
  const started = performance.now();
  const samples = options.samples ?? opened.profile.evaluation.verdict;
  const first = new FirstRows();
  const measurement = await onOurDisk(() =>
    opened.measure('checkpoint.safetensors', samples, {
      onBatch: (truth, codes) => first.add(truth, codes),
      invariance: true,
    }),
  );
  const { deciding, also } = metricsOf(measurement);
  const { run, result } = opened.folder;
  const { hash } = opened.world.world;
  const isSecret = run.secretWorld !== undefined;
  const width = measurement.matching.best.length;
  const verdict = Verdict.parse({
    version: 1,
    run: run.id,
    kind: isSecret ? 'confirmed' : 'verified',
    profile: run.profile,
    world: isSecret
      ? { name: `${opened.profile.world}, secret`, hash, kind: 'secret' }
      : { name: opened.world.name, hash, kind: 'public' },
    tree: run.tree,
    ...(run.from !== undefined && { from: run.from }),
    metrics: deciding,
    also,
    ...(!isSecret && partsOf(opened, measurement, first)),
    observed: observedOf(opened.folder, opened.profile, width),
    declared: result?.declared ?? {},
    evaluation: { samples, batch: EVALUATION_BATCH, ...drawnFrom(seed) },
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

// Measures a run blind: fresh samples, the run's own encoder, every metric.
//   npm run --silent judge -- checkpoints/2026-02-19--10-37-12-matryoshka-s0
//   npm run --silent judge -- checkpoints/... --samples 50000 --tree-dir .
//   npm run --silent judge -- my-saelens-sae --profile small
import { join } from 'node:path';
import { Option } from 'commander';
import { writeJsonAtomic } from '#contract/atomic';
import { mayBeBest } from '#contract/best-bound';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { READY } from '#contract/judge-ahead';
import type { EvalPoint } from '#contract/run';
import { Verdict } from '#contract/verdict';
import type { SandboxChoice } from '#host/by-hand';
import { withEngineOptions } from '#host/engine-options';
import { Question, untilAsked, whenAsked } from '../judge/ahead.ts';
import { drawnFrom, freshKey, keyOf } from '../judge/drawn.ts';
import { FIELDS, ROW_FIELDS } from '../judge/fields.ts';
import { EVALUATION_BATCH } from '../judge/fresh-rows.ts';
import { judgementOf } from '../judge/judgement.ts';
import { observedOf } from '../judge/observed.ts';
import { appendEval, rounded, unmeasuredSnapshots } from '../judge/run-folder.ts';
import { openSubject, profileOfSaved } from '../judge/subject.ts';
import { isRowsWorld, profileWorld } from '../worlds.ts';
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
  ahead?: boolean;
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
        .option(
          '--ahead',
          'make all ready, and measure when standard input ends with the word "measure"; with --evals: measure each snapshot as it comes until then',
        )
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
    const { profile } = options;
    const isRows = profile !== undefined && isRowsWorld(profileWorld(profile).world);
    print(`${JSON.stringify(isRows ? ROW_FIELDS : FIELDS)}\n`);
    return 0;
  }
  // Fresh samples each time: earlier measurements, also the run's snapshots, used other samples.
  const seed = options.evalSeed ?? options.evalKey ?? freshKey();
  const [path] = command.args;
  if (path === undefined)
    throw new UserError('the folder is missing: give that of a run, or of an SAE that SAELens saved');
  if (profileOfSaved(path, options.profile) !== null && options.evals) {
    throw new UserError(`${path}: --evals is for the snapshots of a run`);
  }
  if (options.world !== undefined && options.evals) {
    throw new UserError(
      '--evals measures only in the world of the profile, like all points of evals.jsonl; leave out --world',
    );
  }
  const tell = options.json ? tellProgram() : tellPerson();
  const asked = options.ahead ? whenAsked() : null;
  const question = asked && new Question(asked);
  const judging = {
    ...{ ...options, seed, onBuild: sayBuilding },
    ...(question && !options.evals && { question, onReady: () => print(`${READY}\n`) }),
    mayBeBest: (metrics: Record<string, number>) =>
      mayBeBest(metrics[subject.task.metric], subject.task.goal),
    onApart: ({ message }: Error) =>
      process.stderr.write(`note: the snapshots are measured one by one, which takes longer: ${message}\n`),
    onRows: options.evals ? undefined : (done: number, of: number) => tell({ done, of, unit: 'fresh rows' }),
  };
  const subject = openSubject(path, judging);
  const { folder, profile } = subject;
  const judgement = await judgementOf(subject, judging);
  if (options.evals && folder !== null) {
    const measured = judgement.snapshots(options.samples ?? profile.evaluation.snapshot);
    for await (const snapshots of untilAsked(() => unmeasuredSnapshots(folder, profile.batch), asked)) {
      let done = 0;
      const told = (): void => tell({ done, of: snapshots.length, unit: 'snapshots' });
      if (snapshots.length > 0) told();
      for await (const { metrics, samples: evaluationSamples } of measured(
        snapshots.map(({ name }) => name),
      )) {
        const { samples } = snapshots[done];
        const point: EvalPoint = { samples, evaluationSamples, metrics: rounded(metrics) };
        appendEval(folder, point);
        print(`${JSON.stringify(point)}\n`);
        done++;
        told();
      }
    }
    return 0;
  }
  const started = performance.now();
  const rows = options.samples ?? profile.evaluation.verdict;
  const { width, samples, ...judged } = await judgement.judge(rows);
  const common = {
    version: 1,
    world: judgement.world,
    ...judged,
    evaluation: {
      ...{ samples, ...(samples < rows && { all: true as const }) },
      ...{ batch: EVALUATION_BATCH, ...drawnFrom(seed) },
    },
    seconds: (performance.now() - started) / 1000 - (question?.waited ?? 0),
    at: new Date().toISOString(),
  } as const;
  if (!options.json) print(table(judged.metrics, judged.also));
  if (folder === null) {
    const of = { sae: subject.name, kind: 'verified', profile: options.profile, observed: { width } };
    print(`${JSON.stringify({ ...of, ...common })}\n`);
    return 0;
  }
  const { run, result } = folder;
  const verdict = Verdict.parse({
    ...common,
    run: run.id,
    kind: run.secretWorld === undefined ? 'verified' : 'confirmed',
    profile: run.profile,
    tree: run.tree,
    ...(run.from !== undefined && { from: run.from }),
    observed: observedOf(folder, profile, width),
    declared: result?.declared ?? {},
  } satisfies Verdict);
  // A measurement on fewer samples, or in another world, does not replace the verdict.
  if (subject.world === profile.world && rows >= profile.evaluation.verdict)
    writeJsonAtomic(join(folder.dir, 'verdict.json'), verdict);
  print(`${JSON.stringify(verdict)}\n`);
  return 0;
});

// A caller that has not asked yet keeps it open, and this process with it.
if (process.argv.includes('--ahead')) process.stdin.destroy();

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
          .map((metrics) => cell(name in metrics ? String(Number(metrics[name].toPrecision(5))) : ''))
          .join(''),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

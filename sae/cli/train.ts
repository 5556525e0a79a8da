import { existsSync, mkdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Option } from 'commander';
import { ABOUT_BLAS, blasChoices } from '#contract/blas';
import { above0, parsed, program, several, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { fullDisk } from '#contract/output';
import type { TrainResult } from '#contract/run';
import { backendNames, openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import type { Experiment } from '../experiment.ts';
import { loadAddons, loadArchitecture, loadExperiments, loadSweeps } from '../load.ts';
import { widthProfile } from '../profiles.ts';
import { resolve } from '../settings.ts';
import { train } from '../trainer/train.ts';
import { dataDescriptor, jsonObject, openData } from './arguments.ts';
import { describe } from './describe.ts';

interface Options {
  /** Name of the sizes. */
  profile: string;
  /** Training rows. */
  samples: number;
  /** Rows of a batch of the data that a described run would get. */
  batch: number;
  /** Seed of the initial weights. */
  seed: number;
  /** The run's `out/`. */
  out: string;
  /** `key=value` settings. */
  set: string[];
  /** Sizes of the profile from TASK.md, over those in `profiles.ts`. */
  settings: Record<string, unknown>;
  /** Continues the run in `out`. */
  resume: boolean;
  /** The `out/` of an earlier run to start from. */
  from?: string;
  /** Seconds between saves. */
  saveEvery: number;
  /** Name of the tensor backend. */
  backend: string;
  /** Runs the named operations in plain tfjs. */
  plain: boolean;
  /** `off`: without OpenBLAS. */
  blas?: string;
  /** Prints the experiments instead. */
  list: boolean;
  /** Prints what runs would declare instead. */
  describe: boolean;
}

const command = program('train', 'Trains one SAE on the data stream in file descriptor $LOOP_DATA_FD.')
  .argument('[experiment]', 'a name that --list prints')
  .option('--profile <name>', 'sizes: a name in sae/profiles.ts, or any with --settings', 'small')
  .option(
    '--settings <json>',
    'settings of the profile; they override those in sae/profiles.ts',
    jsonObject,
    {},
  )
  .option('--samples <n>', 'number of training samples', whole(1), 2_048_000)
  .option('--batch <rows>', 'with --describe: rows of a batch', whole(1), 1024)
  .option('--seed <n>', 'seed of the initial weights', whole(0), 0)
  .option('--out <folder>', 'the folder to write the run to')
  .option('--set <key=value>', 'a setting of architecture or trainer, repeatable', several, [])
  .option('--backend <name>', `tensor backend: auto, ${backendNames.join(', ')}`, 'auto')
  .addOption(new Option('--blas <how>', ABOUT_BLAS).choices(blasChoices))
  .option('--plain', 'run the named operations in plain tfjs, for comparison', false)
  .option('--resume', 'continue from optimizer.safetensors in --out', false)
  .option('--from <folder>', 'start with the weights that an earlier run left in this out/')
  .option(
    '--save-every <seconds>',
    'seconds between saves from which a killed run can resume',
    above0('a number of seconds'),
    30,
  )
  .option('--list', 'print the experiments as JSON', false)
  .option(
    '--describe',
    'train nothing: print as JSON what the run (or one of each experiment) would declare',
    false,
  )
  .addHelpText(
    'after',
    `
By hand use \`npm run train\`, which starts the data service too. Without it:
  $ node --import tsx bench/cli/serve.ts --profile small --seed 0 |
      LOOP_DATA_FD=0 node --import tsx sae/cli/train.ts baseline_batchtopk --out /tmp/run
Settings:
  --set k=4 --set sae.eta=0.25 --set lr_decay_fraction=1/3 --set matryoshka_widths=[8,32]`,
  );

/** Ends that are neither what a run was asked for nor a result of its settings. */
const FAULTS: readonly TrainResult['status'][] = ['failed', 'out-of-memory'];

await runMain(async () => {
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  const experiments = await loadExperiments();
  const sweeps = await loadSweeps(experiments);
  if (options.list) {
    const list = [
      ...[...experiments.values()].map(({ name, description }) => ({ name, description })),
      ...[...sweeps.values()].map(({ name, description, members }) => ({ name, description, members })),
    ];
    return print(list);
  }
  const [name] = command.args;
  if (options.describe && name === undefined) {
    return printDescription([...experiments.values()], options);
  }
  const experiment = experiments.get(name);
  const sweep = sweeps.get(name);
  if (sweep) {
    throw new UserError(
      `"${name}" is a sweep; run its experiments one by one: ${sweep.members.join(', ')} (by hand: npm run sweep -- ${name})`,
    );
  }
  if (!experiment) {
    const known = [...experiments.keys()].join(', ');
    throw new UserError(
      name
        ? `unknown experiment "${name}"; there are: ${known}`
        : `the experiment is missing; there are: ${known}`,
    );
  }
  if (options.describe) return printDescription([experiment], options);
  if (!options.out) throw new UserError('--out is missing; name the folder to write the run to');
  const profile = widthProfile(options.profile, options.settings);
  const [architecture, addons] = await Promise.all([loadArchitecture(experiment.architecture), loadAddons()]);
  // Checks the settings before anything is read or written; the width of the data does not matter for that.
  resolve(experiment, architecture, addons, profile, 1, options.set);
  if (!options.resume && existsSync(`${options.out}/result.json`)) {
    throw new UserError(`${options.out}: has a finished run already; choose another --out`);
  }
  const fd = dataDescriptor();
  if (options.blas) process.env.ENGINE_BLAS = options.blas;
  const backend = await openBackend(options.backend, { plain: options.plain });
  const data = openData(fd);
  const settings = resolve(experiment, architecture, addons, profile, data.header.d, options.set);
  mkdirSync(options.out, { recursive: true });

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  process.stderr.write(
    `${experiment.name} (${experiment.architecture}), ${options.samples} samples, ` +
      `started in ${Math.round(performance.now())} ms\nbackend ${backend.label}: ${backend.why}\n`,
  );
  const result = await train(
    {
      experiment: experiment.name,
      architectureName: experiment.architecture,
      architecture,
      ...settings,
      samples: options.samples,
      random: uniform(options.seed),
      out: options.out,
      backend: backend.label,
      precision: backend.encodes,
      resume: options.resume,
      from: options.from,
      saveEvery: options.saveEvery,
      warn: (line) => process.stderr.write(`warning: ${line}\n`),
    },
    data,
    stop.signal,
  ).catch((error: unknown) => {
    throw asUserError(error, options.out);
  });
  data.close();
  const rate = Math.round(result.samples / result.seconds);
  process.stderr.write(
    `${result.status}${result.reason ? `: ${result.reason}` : ''} after ${result.samples} samples, ` +
      `${result.seconds.toFixed(1)} s, ${rate} samples/s\n`,
  );
  return FAULTS.includes(result.status) ? 1 : 0;
});

/** Prints what runs would declare. @throws UserError with the reason if there can be none; prints it too */
async function printDescription(experiments: readonly Experiment[], options: Options): Promise<number> {
  try {
    return print(await describe(experiments, options));
  } catch (error) {
    if (error instanceof UserError) print({ refused: error.message });
    throw error;
  }
}

/** Prints a value as JSON. Returns the exit code. */
function print(value: unknown): number {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  return 0;
}

/** A full disk as one line; any other error as it is. */
function asUserError(error: unknown, out: string): unknown {
  const full = fullDisk(error);
  return full === null
    ? error
    : new UserError(`${out}: ${full}; the run ends here, and what it saved before is whole`, 1);
}

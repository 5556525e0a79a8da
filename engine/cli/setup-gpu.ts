// Installs the GPU backends that can run on this machine, and reports what the others lack.
//   npm run setup:gpu
//   npm run setup:gpu -- --probe
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parsed, program, several } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { working } from '#contract/working';
import { networkOf } from '#host/network/network';
import { openBackend } from '../backend.ts';
import { described, describedGpu, gpuBackends, type OptionalBackend, onCpu } from '../gpu/needs.ts';
import { thisSystem } from '../gpu/system.ts';
import { installEnv, installPackages } from '../install-packages.ts';
import { addressOf, indexOf } from '../tensorflow/package-index.ts';
import { setUpTensorflow } from '../tensorflow/setup.ts';
import { wheelCache } from '../tensorflow/wheels.ts';

interface Options {
  probe?: boolean;
  index?: string;
  wheels?: string[];
  prove?: boolean;
}

const backends = [...gpuBackends, onCpu];
const names = backends.map(({ name }) => name).join(', ');

const command = program(
  'npm run setup:gpu --',
  'Installs the optional GPU backends that this machine can run. Exits with 0 if one works, or if all that are named do; else with 1.',
)
  .argument('[names...]', `install these even if something is missing: ${names}`)
  .option('--probe', 'install nothing; only report')
  .option('--index <url>', 'package index with the wheels of TensorFlow (default: $PIP_INDEX_URL, or PyPI)')
  .option('--wheels <folder>', 'a folder that has wheels already (repeatable)', several)
  .option('--prove', 'install nothing; run the golden step of the named backends')
  .addHelpText(
    'after',
    `
Examples:
  npm run setup:gpu -- --probe        # report what is installed and what is missing
  npm run setup:gpu                   # install what can run here
  npm run setup:gpu -- webgpu         # install this one in any case
  npm run setup:gpu -- node           # TensorFlow on the CPU, to try its binding
node-gpu is TensorFlow 2.21 with its CUDA libraries: 3.4 GB of wheels, kept in ${wheelCache()}.
\`npm ci\` removes what was installed, except the wheels.`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  const chosen = command.args.map(named);
  if (options.prove && chosen.length === 0)
    throw new UserError(`--prove: name a backend; there are: ${names}`);
  if (options.prove) return prove(chosen);
  say(describedGpu(thisSystem));
  const possible = gpuBackends.filter(({ missing }) => missing(thisSystem).length === 0);
  if (!options.probe) await install(chosen.length > 0 ? chosen : possible, options);
  for (const backend of chosen.length > 0 ? chosen : gpuBackends) say(described(backend, thisSystem));
  if (chosen.length > 0 && !options.probe) return provedApart(chosen);
  const { label, why, gpu } = await openBackend();
  say(`chosen: ${label}: ${why}`);
  return gpu ? 0 : 1;
});

function named(name: string): OptionalBackend {
  const found = backends.find((backend) => backend.name === name);
  if (found) return found;
  throw new UserError(`no optional backend "${name}"; there are: ${names}`);
}

async function install(wanted: readonly OptionalBackend[], options: Options): Promise<void> {
  if (wanted.length === 0) {
    say('nothing to install: no GPU backend can run here');
    return;
  }
  for (const folder of options.wheels ?? [])
    if (!existsSync(folder)) throw new UserError(`--wheels ${folder}: there is no such folder`);
  const index = addressOf(options.index ?? indexOf(process.env));
  const complaint = installPackages(wanted, say);
  if (complaint !== null) {
    say(`not installed: ${complaint}`);
    return;
  }
  const { fetch, notes } = networkOf();
  for (const note of notes) say(note);
  const folders = [wheelCache(), ...(options.wheels ?? [])];
  for (const { name } of wanted) {
    if (name === 'webgpu') continue;
    try {
      await setUpTensorflow(name, { env: installEnv(), folders, index, fetch, say, working });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      say(`${name} is not set up: ${error.message}`);
    }
  }
}

/** Proves each in a process of its own: a library that does not fit its driver can end the process. */
function provedApart(chosen: readonly OptionalBackend[]): number {
  const proofs = chosen.map(({ name }) =>
    spawnSync(process.execPath, [...process.execArgv, import.meta.filename, '--prove', name], {
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  for (const [i, { signal }] of proofs.entries())
    if (signal) say(`${chosen[i].name} does not work: its process ended by ${signal}`);
  return proofs.every(({ status }) => status === 0) ? 0 : 1;
}

async function prove(chosen: readonly OptionalBackend[]): Promise<number> {
  for (const { name } of chosen) say(`${(await openBackend(name)).label}: its golden step passed`);
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

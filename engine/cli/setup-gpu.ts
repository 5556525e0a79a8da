// Installs the GPU backends that can run on this machine, and reports what the others lack.
//   npm run setup:gpu
//   npm run setup:gpu -- --probe
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { openBackend } from '../backend.ts';
import { described, describedGpu, type GpuBackend, gpuBackends } from '../gpu/needs.ts';
import { thisSystem } from '../gpu/system.ts';

const command = program(
  'npm run setup:gpu --',
  'Installs the optional GPU backends that this machine can run. Exits with 0 if one works, else with 1.',
)
  .argument(
    '[names...]',
    `install these even if something is missing: ${gpuBackends.map(({ name }) => name).join(', ')}`,
  )
  .option('--probe', 'install nothing; only report')
  .addHelpText(
    'after',
    `
Examples:
  npm run setup:gpu -- --probe        # report what is installed and what is missing
  npm run setup:gpu                   # install what can run here
  npm run setup:gpu -- webgpu         # install this one in any case
\`npm ci\` removes them again.`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const chosen = command.args.map(named);
  say(describedGpu(thisSystem));
  const wanted =
    chosen.length > 0 ? chosen : gpuBackends.filter(({ missing }) => missing(thisSystem).length === 0);
  if (!command.opts<{ probe?: boolean }>().probe) install(wanted);
  for (const backend of gpuBackends) say(described(backend, thisSystem));
  const { label, why, gpu } = await openBackend();
  say(`chosen: ${label}: ${why}`);
  return gpu ? 0 : 1;
});

function named(name: string): GpuBackend {
  const found = gpuBackends.find((backend) => backend.name === name);
  if (found) return found;
  throw new UserError(`no GPU backend "${name}"; there are: ${gpuBackends.map((b) => b.name).join(', ')}`);
}

/**
 * Installs all packages by one command: npm removes what an earlier --no-save installed. With --no-save,
 * --save-prod saves nothing; without --save-prod, npm finds an optional peer "up to date" and installs
 * nothing.
 */
function install(backends: readonly GpuBackend[]): void {
  const packages = backends.flatMap((backend) => backend.packages);
  if (packages.length === 0) {
    say('nothing to install: no GPU backend can run here');
    return;
  }
  const args = ['install', '--no-save', '--save-prod', ...packages];
  say(`npm ${args.join(' ')}`);
  const { status, stderr, error } = spawnSync('npm', [...args, '--loglevel', 'error'], {
    cwd: join(import.meta.dirname, '..', '..'),
    encoding: 'utf8',
    env: npmEnv(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error) throw new UserError(`npm cannot be started: ${error.message}`, 1);
  if (status !== 0) say(`not installed: ${reasonOf(stderr)}`);
}

/** What npm and the install scripts of packages need of our environment: no key is among it. */
function npmEnv(): NodeJS.ProcessEnv {
  const needed =
    /^(PATH|HOME|USER|LANG|LC_\w+|TMPDIR|NODE_EXTRA_CA_CERTS|LD_LIBRARY_PATH|CUDA_\w+|TFJS_\w+|CC|CXX|npm_\w+|(https?|all|no)_proxy)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => needed.test(name)));
}

/** The most informative line of npm's error output. */
function reasonOf(stderr: string): string {
  const host = /getaddrinfo \w+ (\S+)/.exec(stderr)?.[1];
  if (host) return `${host} cannot be reached, from which the installation downloads libtensorflow`;
  return stderr.split('\n').find((line) => /error/i.test(line)) ?? 'npm failed and does not say why';
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

// Starts Vitest with the given arguments, in an environment without keys; --help names the scripts that start
// it. Where Claude has worked, the tests that load code of the workspace run in the sandbox (`--sandbox off`
// accepts the risk). Vite, which loads the tests, cannot read a path with "#", "?" or "%": in a checkout with
// such a path the tests run in a copy, which is removed afterwards.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { tryBubblewrap } from '#host/bubblewrap';
import { serviceEnv } from '#host/env';
import { noSandbox, type Sandbox } from '#host/sandbox';
import { isOfTests, OF, worksHere } from './touched.ts';

const checkout = join(import.meta.dirname, '..');
const UNREADABLE = /[#?%]/;
/** Folders that runs write: the copy does not need them, and they may be large. */
const LEFT = ['state', 'checkpoints'];

/** The script that was called; its options and paths stand before the arguments. */
const script = process.env.npm_lifecycle_event ?? 'test';

const command = program(
  `npm run ${script} --`,
  'Runs tests with Vitest: those of the script whose path has one of the parts in it, or all of the script.',
)
  .argument('[parts...]', 'of the paths of tests, and options of Vitest (npx vitest run --help)')
  .option('--sandbox <how>', 'where Claude has worked, tests of the workspace run in it: auto, off', 'auto')
  .allowUnknownOption()
  .addHelpText(
    'after',
    `
Scripts, by what their tests need (CONTRIBUTING.md, "How to test"):
  npm test                 unit and integration tests
  npm run test:unit        this process alone
  npm run test:e2e         whole nights and commands, every engine
  npm run test:slurm       a real Slurm
  npm run test:all         all of these
  npm run test:golden      the numbers of the reference, and samples in distribution
  npm run test:crash       the loop, killed at 50 instants
  npm run coverage         unit and integration tests, and the lines that they reach

Examples:
  npm run ${script}
  npm run test:all -- agent/report
  npm run test:unit -- researcher -t resumes
  NIGHTS=1000 npm run test:unit -- researcher`,
  );

function copied(): string {
  if (UNREADABLE.test(tmpdir())) {
    throw new UserError(`${tmpdir()}: set TMPDIR to a folder without "#", "?" and "%"`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'loop-copy-'));
  // Tests run programs as other users, who must be able to enter the folder.
  chmodSync(folder, 0o755);
  process.stderr.write(`The tests run in a copy, ${folder}: Vite reads no path with "#", "?" or "%".\n`);
  cpSync(checkout, folder, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !LEFT.includes(relative(checkout, path)),
  });
  return folder;
}

/** The parts of the tests to run one after the other, and where; one part where nobody else has worked. */
async function parts(how: string): Promise<{ of: string; sandbox: Sandbox }[]> {
  if (how !== 'auto' && how !== 'off') throw new UserError(`--sandbox: auto or off, not "${how}"`);
  const works = how === 'off' ? null : await worksHere(checkout);
  const outside = noSandbox('our own tests');
  if (works === null) return [{ of: 'all', sandbox: outside }];
  const tried = await tryBubblewrap(checkout);
  if (!tried.ok) {
    throw new UserError(
      `Claude has worked on ${works}, so the tests are not run without a sandbox: ${tried.why}; ${tried.install}, or accept the risk with --sandbox off`,
    );
  }
  process.stderr.write(`Claude has worked on ${works}: the tests of the workspace run in the sandbox.\n`);
  return [
    { of: 'others', sandbox: outside },
    { of: 'workspace', sandbox: tried.sandbox },
  ];
}

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { args } = command;
  const all = await parts(command.opts<{ sandbox: string }>().sandbox);
  const copy = UNREADABLE.test(checkout) ? copied() : null;
  const cwd = copy ?? checkout;
  const mine = Object.entries(process.env).filter(([name]) => isOfTests(name));
  let code = 0;
  try {
    for (const { of, sandbox } of all) {
      // Vite writes its configuration into node_modules otherwise, which the sandbox does not let it.
      const split = of === 'all' ? [] : ['--passWithNoTests', '--configLoader', 'runner'];
      const wrapped = sandbox.wrap(
        ['node', join(cwd, 'node_modules/vitest/vitest.mjs'), 'run', ...args, ...split],
        { cwd, wholeCheckout: true, env: { ...serviceEnv(Object.fromEntries(mine)), [OF]: of } },
      );
      const [program = '', ...words] = wrapped.argv;
      const ended = spawnSync(program, words, { cwd, env: wrapped.env, stdio: 'inherit' });
      code ||= ended.status ?? 1;
      if (ended.signal !== null) break;
    }
  } finally {
    if (copy !== null) rmSync(copy, { recursive: true, force: true });
  }
  return code;
});

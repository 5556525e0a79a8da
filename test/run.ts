// Starts Vitest with the given arguments, in an environment without keys. Where Claude has worked, the tests
// that load code of the workspace run in the sandbox (`--sandbox off` accepts the risk). Vite, which loads
// the tests, cannot read a path with "#", "?" or "%": in a checkout with such a path the tests run in a copy,
// which is removed afterwards.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import { tryBubblewrap } from '#host/bubblewrap';
import { serviceEnv } from '#host/env';
import { noSandbox, type Sandbox } from '#host/sandbox';
import { isOfTests, OF, worksHere } from './touched.ts';

const checkout = join(import.meta.dirname, '..');
const UNREADABLE = /[#?%]/;
/** Folders that runs write: the copy does not need them, and they may be large. */
const LEFT = ['state', 'checkpoints'];

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
async function parts(args: string[]): Promise<{ of: string; sandbox: Sandbox }[]> {
  const asked = args.indexOf('--sandbox');
  const [, how = 'auto'] = asked < 0 ? [] : args.splice(asked, 2);
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
  const args = process.argv.slice(2);
  const all = await parts(args);
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

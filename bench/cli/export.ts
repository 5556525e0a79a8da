// Exports a run in the sandbox, and puts it on the user's hub:
//   node --import tsx bench/cli/export.ts checkpoints/<run> --push me/my-sae
// All other options are those of sae/cli/export.ts. The sandbox has no network, and no token is in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMain } from '#contract/errors';
import { startChild } from '#host/child';
import { serviceEnv } from '#host/env';
import { push, repoNamed } from '../hub/push.ts';
import { endOnSignals } from './program.ts';

const CONFINED = ['--import', './host/start.mjs', 'agent/cli/confined.ts', '--into', 'export'];
const EXPORT = ['node', '--import', 'tsx', 'sae/cli/export.ts'];

/** Takes an option, `--name value` or `--name=value`, out of the arguments. */
function take(args: string[], name: string): string | undefined {
  const at = args.findIndex((word) => word === name || word.startsWith(`${name}=`));
  if (at < 0) return undefined;
  const [word = '', next] = args.splice(at, args[at] === name ? 2 : 1);
  return word === name ? (next ?? '') : word.slice(name.length + 1);
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const asked = take(args, '--push');
  const repo = asked === undefined ? null : repoNamed(asked);
  endOnSignals();
  const given = repo === null ? undefined : take(args, '--out');
  const made = repo !== null && given === undefined ? mkdtempSync(join(tmpdir(), 'export-')) : null;
  const out = given ?? made;
  try {
    const child = startChild({
      argv: [process.execPath, ...CONFINED, ...EXPORT, ...args, ...(out === null ? [] : ['--out', out])],
      cwd: process.cwd(),
      env: serviceEnv({ LOOP_SANDBOX: process.env.LOOP_SANDBOX }),
      stdio: { stdin: 0, stdout: 1, stderr: 2 },
    });
    const { code } = await child.done;
    if (code !== 0 || repo === null || out === null) return code ?? 1;
    await push(repo, out);
    process.stdout.write(`pushed to ${repo}\n`);
    return 0;
  } finally {
    if (made !== null) rmSync(made, { recursive: true, force: true });
  }
});

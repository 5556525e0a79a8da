// Exports a run in the sandbox, holds its encoder in Python to it, and puts it on the user's hub:
//   node --import tsx bench/cli/export.ts checkpoints/<run> --push me/my-sae [--public]
// All other options are those of sae/cli/export.ts. The sandbox has no network, and no token is in it.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { runMain, UserError } from '#contract/errors';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { startChild } from '#host/child';
import { serviceEnv } from '#host/env';
import { readUntrusted } from '#host/untrusted';
import { push, repoNamed } from '../hub/push.ts';
import { readExported } from '../python/exported.ts';
import { holdForm } from '../python/hold.ts';
import { SAELENS_HAS } from '../python/saelens.ts';
import { endOnSignals } from './program.ts';

const CONFINED = ['host/start.mjs', 'agent/cli/confined.ts', '--into', 'export'];
const EXPORT = ['node', '--import', 'tsx', 'sae/cli/export.ts'];

/** Takes an option, `--name value` or `--name=value`, out of the arguments. */
function take(args: string[], name: string): string | undefined {
  const at = args.findIndex((word) => word === name || word.startsWith(`${name}=`));
  if (at < 0) return undefined;
  const [word = '', next] = args.splice(at, args[at] === name ? 2 : 1);
  return word === name ? (next ?? '') : word.slice(name.length + 1);
}

/** The same for an option without a value. */
function takeFlag(args: string[], name: string): boolean {
  const at = args.indexOf(name);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
}

/** Holds the encoder in Python of an export to its parity file. @throws UserError where it differs */
async function hold(folder: string, chosen: SandboxChoice): Promise<void> {
  if (SAELENS_HAS.has(nameIn(folder))) return;
  const exported = readExported(folder);
  // The exporter has said that there is none.
  if (exported.source === null) return;
  const repo = process.cwd();
  const { state, line, said } = await holdForm(exported, {
    repo,
    sandbox: await sandboxByHand(repo, chosen),
  });
  const whole = said === undefined ? line : `${line}: ${said}`;
  if (state === 'differs') throw new UserError(whole, 1);
  process.stdout.write(`${whole}\n`);
}

/** SAELens' name of what was exported. @throws UserError */
function nameIn(folder: string): string {
  try {
    const text = readUntrusted(join(folder, 'cfg.json'), 1 << 20) ?? '';
    return z.object({ architecture: z.string() }).parse(JSON.parse(text)).architecture;
  } catch {
    throw new UserError(`${join(folder, 'cfg.json')}: names no architecture`, 1);
  }
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const asked = take(args, '--push');
  const repo = asked === undefined ? null : repoNamed(asked);
  const isPublic = takeFlag(args, '--public');
  if (isPublic && repo === null) throw new UserError('--public: goes with --push owner/name');
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
    const [run = '--'] = args;
    if (code !== 0 || run.startsWith('-')) return code ?? 1;
    const isFolder = statSync(run, { throwIfNoEntry: false })?.isDirectory() === true;
    const asked = out ?? take([...args], '--out') ?? join(isFolder ? run : '.', 'export');
    await hold(asked, take([...args], '--sandbox') === 'off' ? 'off' : 'auto');
    if (repo === null || out === null) return 0;
    const onNote = (line: string) => process.stderr.write(`${line}\n`);
    process.stdout.write(`pushed to ${await push(repo, out, { isPublic, onNote })}\n`);
    return 0;
  } finally {
    if (made !== null) rmSync(made, { recursive: true, force: true });
  }
});

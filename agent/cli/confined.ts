// Runs a command of the workspace by hand, in the same sandbox as the loop does:
//   node --import tsx agent/cli/confined.ts node --import tsx work/check.ts
//   node --import tsx agent/cli/confined.ts --into export node work/export.mjs checkpoints/<run>
// `--sandbox off` among the arguments switches the sandbox off. With `--into NAME` the first argument names a
// run (ledger/folder-of.ts), and the command may write the folder of its own option --out. The default of
// --out is the folder NAME inside the run's. With `--writes FOLDER` it may write that folder. With `--binary`
// the command gets a terminal as it is, so that it can refuse to write binary data there.
import { existsSync, readdirSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { startWorking, type Working } from '#contract/working';
import { sandboxByHand } from '#host/by-hand';
import { startChild } from '#host/child';
import { isWork, linkedFiles } from '#host/links';
import { readsOf } from '#host/reads';
import { makeWritable } from '#host/writable';
import { folderOf } from '../ledger/folder-of.ts';
import { afterScript } from './arguments.ts';
import { stoppable } from './interrupt.ts';

/** Milliseconds that output may still take to arrive after the end of the child. */
const DRAIN_MS = 500;

/** Takes an option with its value out of the arguments. */
function take(args: string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

/** The folder that the command may write, made if missing; null for a command that gets none. */
function outFolder(args: string[], into: string | undefined): string | null {
  const first = args[afterScript(args)];
  if (into === undefined || first === undefined || first.startsWith('-')) return null;
  const out = take(args, '--out') ?? join(statSync(first).isDirectory() ? first : '.', into);
  args.push('--out', out);
  makeWritable('--out', out);
  return resolve(out);
}

/**
 * The words that the command is started with, and the paths among them that it may read. A path in a home or
 * a temporary folder, which the sandbox hides, is reachable by its real name only: links are resolved.
 */
function named(args: readonly string[], cwd: string): { words: string[]; readable: string[] } {
  const from = afterScript(args);
  const readable: string[] = [];
  const words = args.map((word, at) => {
    const [, option = '', path = word] = /^(--[^=]+=)(.+)$/s.exec(word) ?? [];
    if (at < from || path === '' || !existsSync(path)) return word;
    const real = realpathSync(path);
    readable.push(real);
    if (statSync(real).isDirectory()) readable.push(...linkedFiles(real, { hubOnly: isWork(real, cwd) }));
    return real === resolve(path) ? word : option + real;
  });
  return { words, readable };
}

/** Passes the child's words on; the first of them ends the clock. Resolves at their end. */
async function passOn(from: Readable | null, to: Writable, clock: Working | null): Promise<void> {
  if (!from) return;
  from.once('data', () => clock?.end());
  from.pipe(to, { end: false });
  await new Promise((ended) => from.once('close', ended));
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const into = args[0] === '--into' ? take(args, '--into') : undefined;
  const writes = args[0] === '--writes' ? take(args, '--writes') : undefined;
  const binary = args[0] === '--binary' && args.shift() !== undefined;
  const asked = take(args, '--sandbox') ?? 'auto';
  if (asked !== 'auto' && asked !== 'off') throw new UserError(`--sandbox: auto or off, not "${asked}"`);
  const cwd = process.cwd();
  const sandbox = await sandboxByHand(cwd, asked);
  const at = afterScript(args);
  if (into !== undefined && args[at] && !args[at].startsWith('-')) args[at] = folderOf(args[at], cwd);
  const out = outFolder(args, into);
  const { words, readable } = named(args, cwd);
  // On a terminal, where the words of the child are passed on, so that the clock ends with the first.
  const asItIs = binary && process.stdout.isTTY;
  const clock = process.stderr.isTTY && !asItIs ? startWorking('in the sandbox') : null;
  const shown = (out: NodeJS.WriteStream) => (clock && out.isTTY ? 'pipe' : null);
  const child = startChild({
    ...sandbox.wrap(words, {
      cwd,
      readable: [...readsOf(readTask('TASK.md'), cwd, cwd), ...readable],
      writable: [out, writes && resolve(writes)].filter((path) => typeof path === 'string'),
    }),
    cwd,
    stdio: { stdin: 0, stdout: shown(process.stdout) ?? 1, stderr: shown(process.stderr) ?? 2 },
  });
  const passed = [passOn(child.stdout, process.stdout, clock), passOn(child.stderr, process.stderr, clock)];
  const exit = await stoppable(
    (before) => void child.stop('stopped', before > 0 ? 0 : undefined),
    () => child.done,
  );
  // A process that left the group may hold the output open.
  await Promise.race([Promise.all(passed), setTimeout(DRAIN_MS, null, { ref: false })]);
  clock?.end();
  if (out && readdirSync(out).length === 0) rmdirSync(out);
  return exit.stopped ? 130 : (exit.code ?? 1);
});

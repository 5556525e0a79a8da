// The program of a job of Slurm. It works in the folder of a run, on a node: checks the sandbox there, then
// starts data service and trainer as the local executor does, follows them to their end and writes down how
// they ended. Slurm starts it again after a preemption, or when its node has died; it then goes on from what
// was saved.
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { profileOf, type Task } from '#contract/task';
import { tryBubblewrap } from '#host/bubblewrap';
import { machine } from '#host/machine';
import { noSandbox, type Sandbox } from '#host/sandbox';
import { inJob, inRun } from '../../common/paths.ts';
import { follow } from '../follow.ts';
import { batchOf, launch } from '../launch.ts';
import { emptyOut } from '../prepare.ts';
import { savedBatch } from '../resume.ts';
import {
  type Asked,
  type Began,
  dropEnded,
  type Ended,
  readAsked,
  readBegan,
  readEnded,
  writeBegan,
  writeEnded,
} from './files.ts';
import { trainServed } from './served-on-node.ts';

/** The exit code of a job whose node has no sandbox that works. */
const NO_SANDBOX = 87;
const TELL_MS = 5000;
/** What Slurm asks by a signal: the time limit is near; end, as before a preemption; end at once. */
const SIGNALS = { SIGINT: 'time-limit', SIGTERM: 'signal', SIGUSR2: 'now' } as const;
/** The time that a trainer gets to save. Slurm kills the job earlier where its own settings say so. */
const SAVE_SECONDS = 60;

/** How this start of the job begins: as it was asked, or after an earlier start of the same job. */
function beginning(
  dir: string,
  asked: Asked,
  task: Task,
  last: Began | null,
): Pick<Asked, 'from' | 'earlier'> {
  if (last === null) return asked;
  const before = readEnded(dir, asked.name)?.record?.seconds ?? last.seconds;
  const from = savedBatch(dir);
  if (from === null) emptyOut(dir);
  const rows = (from ?? 0) * batchOf(task, asked.record);
  return { from, earlier: { seconds: from === null ? 0 : before, rows } };
}

/** Seconds that the run may still train. */
function timeLeft({ record, until, timeoutSeconds }: Asked, task: Task, spent: number): number {
  const untilEnd = until === undefined ? Number.POSITIVE_INFINITY : (Date.parse(until) - Date.now()) / 1000;
  const most = Math.min(profileOf(task, record.profile).timeout, timeoutSeconds ?? Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(most - spent, untilEnd));
}

/** None where the trainer has removed its folder. */
function sizes(folder: string): Record<string, number> {
  try {
    return Object.fromEntries(readdirSync(folder).map((name) => [name, lstatSync(join(folder, name)).size]));
  } catch {
    return {};
  }
}

await runMain(async () => {
  const dir = process.cwd();
  const asked = readAsked(dir);
  if (!asked) throw new UserError(`${dir}: the file that says what to do cannot be read`);
  const { name, repo, treeDir } = asked;
  // Slurm's own count is lost with a controller that dies before it has saved.
  const last = readBegan(dir, name);
  const restart = last === null ? 0 : last.restart + 1;
  const node = process.env.SLURMD_NODENAME ?? hostname();
  const task: Task = { path: asked.taskPath, contract: asked.contract, brief: '' };
  let cut: Ended['cut'];
  let stop = (_: string, graceSeconds: number): void => {
    if (graceSeconds === 0) process.exit(1);
  };
  for (const [signal, asks] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      cut ??= asks === 'now' ? 'signal' : asks;
      stop(`ended by Slurm on ${node} (${signal})`, asks === 'now' ? 0 : SAVE_SECONDS);
    });
  }

  const sandbox = await sandboxHere(asked);
  if ('why' in sandbox) {
    writeEnded(dir, { name, node, noSandbox: sandbox, refusal: null, left: {} });
    return NO_SANDBOX;
  }
  const { from, earlier } = beginning(dir, asked, task, last);
  dropEnded(dir);
  const began = Date.now();
  const isFirst = from === null && earlier.seconds === 0;
  const record: RunRecord = {
    ...asked.record,
    ...(isFirst && { startedAt: new Date(began).toISOString() }),
    machine: machine(),
  };
  // A supervisor that could not reach Slurm may have removed the folder: writing would bring it back.
  const isWanted = () => existsSync(inJob(dir).asked);
  const tell = () => {
    if (!isWanted()) return;
    const seconds = earlier.seconds + (Date.now() - began) / 1000;
    const id = process.env.SLURM_JOB_ID ?? '';
    writeBegan(dir, { name, id, restart, node, at: new Date(began).toISOString(), seconds });
  };
  tell();
  const timeoutSeconds = timeLeft(asked, task, earlier.seconds);
  const { threads } = asked;
  const all = { repo, task, sandbox, record, treeDir, from, threads, timeoutSeconds };
  const served = asked.rows ? await trainServed({ jobDir: dir, name, rows: asked.rows }, all, earlier) : null;
  const run =
    served?.run ??
    follow({ repo, record, dir, ...(await launch({ ...all, dir })), earlier, write: () => {} });
  stop = (reason, graceSeconds) => void run.stop(reason, { by: 'outside', graceSeconds });
  if (cut !== undefined) stop(`ended by Slurm on ${node}`, SAVE_SECONDS);
  const timer = setInterval(() => {
    try {
      tell();
    } catch {} // A shared file system may fail for a while: the next one tells.
  }, TELL_MS);
  const done = await run.done;
  clearInterval(timer);
  const refusal = await run.refusal;
  await served?.finish(done, refusal);
  const wasCut = done.endedBy === 'outside' ? { cut: cut ?? ('signal' as const) } : {};
  // The words of a trainer may say something of its data: on a secret world they do not lie here.
  const shown = served ? { record: { ...done, reason: null }, refusal: null } : { record: done, refusal };
  if (isWanted()) writeEnded(dir, { name, node, ...shown, left: sizes(inRun(dir).out), ...wasCut });
  return done.status === 'finished' ? 0 : 1;
});

async function sandboxHere(asked: Asked): Promise<Sandbox | { why: string; install: string }> {
  if (asked.noSandbox !== null) return noSandbox(asked.noSandbox);
  const tried = await tryBubblewrap(asked.repo);
  return tried.ok ? tried.sandbox : { why: tried.why, install: tried.install };
}

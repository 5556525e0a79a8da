import { relative } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { z } from 'zod';
import { boundVariable } from '#contract/best-bound';
import { UserError } from '#contract/errors';
import { type JudgeProgress, progressOf } from '#contract/judge-progress';
import { EvalPoint } from '#contract/run';
import type { Task } from '#contract/task';
import { Verdict } from '#contract/verdict';
import { type Child, collect, startChild } from '#host/child';
import { splitCommand } from '#host/command';
import { lastWord } from '#host/last-word';
import { newMark } from '#host/marks';
import type { Sandbox } from '#host/sandbox';
import { checkoutTree } from '#host/tree';
import { inRun } from '../common/paths.ts';
import { readRunRecord } from '../ledger/run-folder.ts';
import { judgeEnv } from './judge-env.ts';

/** The judge could not measure a run; `message` is its own line, `exitCode` its exit code. */
export class JudgeError extends UserError {
  override readonly name = 'JudgeError';
}

const BACKGROUND_GRACE_SECONDS = 0.5;

export interface JudgeRequest {
  task: Task;
  repo: string;
  /** The run folder: `run.json` and `out/`. */
  runDir: string;
  /** Where the judge starts the researcher's encoder. */
  sandbox: Sandbox;
  /** Fresh rows to draw; unset: the profile's. */
  samples?: number;
  /** What to draw those rows from, as a verdict has it; unset: the judge's own. */
  drawn?: Pick<Verdict['evaluation'], 'seed' | 'key'>;
  /** The folder of the secret world that the run was trained on; unset: the profile's world. */
  world?: string;
  /**
   * The value of the metric from which on the verdict may be a new best; what a judge finds out for those
   * alone it may leave out of others. Unset: any may be one.
   */
  bound?: number;
  /** Default: one hour. */
  timeoutSeconds?: number;
  /** Called with what the judge says of how far it is. */
  onProgress?: (progress: JudgeProgress) => void;
  /** Ends the judge when it aborts. */
  signal?: AbortSignal;
  /** Whether it runs only when nothing else wants a core. */
  background?: boolean;
  /** The GPU for judge and encoder; null: their own choice; unset: that of the run (`deviceOf`). */
  device?: string | null;
  /** Threads of the encoder; unset: its own choice. */
  threads?: number;
}

/**
 * Has the task's judge measure a run, with the encoder of the tree that it was trained from. The judge also
 * writes the verdict to `verdict.json` of the run folder.
 * @throws JudgeError with the judge's own line, where it cannot measure the run.
 */
export async function judgeRun(request: JudgeRequest): Promise<Verdict> {
  return verdictIn(request, await (await startJudge(request, ['--json'])).lines);
}

/** The verdict in what a judge has said. @throws JudgeError where there is none */
export function verdictIn(request: JudgeRequest, lines: readonly string[]): Verdict {
  const verdict = parse(Verdict, lines.at(-1) ?? '', request);
  // What a run started with is our record's to say; a judge in another language need not know of it.
  const { from } = readRunRecord(request.runDir);
  return from === undefined ? verdict : { ...verdict, from };
}

/**
 * Has the judge measure the snapshots of a run that were not measured yet, and returns the new points. The
 * judge appends them to `evals.jsonl`.
 * @throws JudgeError with the judge's own line, where it cannot measure them.
 */
export async function measureSnapshots(request: JudgeRequest): Promise<EvalPoint[]> {
  const { lines } = await startJudge(request, ['--evals', '--json']);
  return (await lines)
    .filter((line) => line.startsWith('{') && !line.startsWith('{"progress"'))
    .map((line) => parse(EvalPoint, line, request));
}

/** `lines`: those of its standard output that are not blank, when it has ended. */
interface Judging {
  stdin: Writable | null;
  stdout: Readable;
  lines: Promise<string[]>;
}

/** Starts the judge of a task for a run. */
export async function startJudge(
  request: JudgeRequest,
  flags: readonly string[],
  stdin: 'ignore' | 'pipe' = 'ignore',
): Promise<Judging> {
  const {
    task,
    repo,
    runDir,
    samples,
    drawn,
    sandbox,
    signal,
    device,
    threads,
    timeoutSeconds = 3600,
  } = request;
  const record = readRunRecord(runDir);
  const treeDir = await checkoutTree({ repo, tree: record.tree });
  const options = { samples, world: request.world, 'eval-seed': drawn?.seed, 'eval-key': drawn?.key };
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, `${value}`],
  );
  const mark = newMark();
  const child = startChild({
    mark,
    argv: [...splitCommand(task.contract.judge), runDir, '--tree-dir', treeDir, ...given, ...flags],
    cwd: repo,
    env: {
      ...judgeEnv({ task, repo, sandbox, runDir, treeDir, mark, device, threads }),
      ...(request.onProgress && { LOOP_PROGRESS: '1' }),
      ...boundVariable(request.bound),
    },
    background: request.background,
    // Where others take the cores, one in the background has no time to end by itself either.
    ...(request.background && { graceSeconds: BACKGROUND_GRACE_SECONDS }),
    stdio: { stdin, stdout: 'pipe', stderr: 'log' },
    log: { path: inRun(runDir).judgeLog, maxBytes: 1_000_000 },
    timeoutSeconds,
    until: signal && { signal, reason: 'stopped' },
  });
  const stdout = child.stdout as Readable;
  return { stdin: child.stdin, stdout, lines: linesOf(request, child, stdout, timeoutSeconds) };
}

/** @throws JudgeError with the judge's own line, where it fails. */
async function linesOf(
  request: JudgeRequest,
  child: Child,
  stdout: Readable,
  timeoutSeconds: number,
): Promise<string[]> {
  const { repo, runDir } = request;
  const hear = request.onProgress && progressOf(request.onProgress);
  if (hear) stdout.on('data', (piece: Buffer) => hear(piece.toString('latin1')));
  const output = await collect(stdout, child.done, 4 << 20);
  const exit = await child.done;
  if (exit.code !== 0 || exit.stopped !== null || exit.timedOut) {
    const word = lastWord(child.log?.lastLines(60) ?? []);
    // A refusal (exit code 2) is one line; for a judge that died the log has more.
    const more = exit.code === 2 ? '' : ` (${relative(repo, inRun(runDir).judgeLog)})`;
    const line = `${word ?? `no error message, exit code ${exit.code ?? exit.signal}`}${more}`;
    const why = exit.timedOut
      ? `no verdict after ${timeoutSeconds} s`
      : exit.stopped
        ? `the judge was ${exit.stopped}`
        : line;
    throw new JudgeError(why, exit.stopped ? 130 : (exit.code ?? 1));
  }
  return output.split('\n').filter((line) => line.trim() !== '');
}

function parse<T>(schema: z.ZodType<T>, line: string, { task, runDir }: JudgeRequest): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    const said = line === '' ? 'nothing' : JSON.stringify(line.slice(0, 200));
    throw new JudgeError(
      `the judge ("${task.contract.judge}") gave no verdict on ${runDir}; it said ${said}`,
      1,
    );
  }
}

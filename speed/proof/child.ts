import { join } from 'node:path';
import { collect, type Exit, startChild } from '#host/child';
import { serviceEnv } from '#host/env';
import { lastWord } from '#host/last-word';
import { machineMemory, memoryOf } from '#host/memory';
import type { Asked } from './parts.ts';

/** What became of a part. `reason`: why there is no answer, in one line. */
export type Outcome = { answer: unknown } | { reason: string };

export interface Limits {
  seconds: number;
  /** Bytes that the part and all that it starts may hold. */
  bytes?: number;
}

const REPOSITORY = join(import.meta.dirname, '..', '..');
const PROGRAM = ['--import', 'tsx', join(import.meta.dirname, 'part.ts')];
/** What a machine keeps for others. */
const SHARE = 0.85;
const LOOK_MS = 250;

/** Runs a part in a process of its own, with all that it starts, and ends it at a limit. Never throws. */
export async function runPart(
  asked: Asked,
  limits: Limits,
  program: readonly string[] = PROGRAM,
): Promise<Outcome> {
  const bytes = limits.bytes ?? SHARE * machineMemory();
  const child = startChild({
    argv: [process.execPath, ...program, JSON.stringify(asked)],
    cwd: REPOSITORY,
    env: serviceEnv({ SAELENS_PYTHON: process.env.SAELENS_PYTHON, PYTHONPATH: process.env.PYTHONPATH }),
    stdio: { stdout: 'pipe', stderr: 'pipe' },
    timeoutSeconds: limits.seconds,
  });
  if (!child.stdout || !child.stderr) return { reason: 'its process has no output' };
  const watch = setInterval(() => {
    if (memoryOf(child.pid, child.mark) > bytes) void child.stop('memory', 0);
  }, LOOK_MS);
  const [out, err, exit] = await Promise.all([
    collect(child.stdout, child.done),
    collect(child.stderr, child.done),
    child.done,
  ]);
  clearInterval(watch);
  const reason = reasonOf(exit, err, { ...limits, bytes });
  if (reason !== null) return { reason };
  const answer = parsedLine(out);
  return answer === undefined ? { reason: 'it ended without an answer' } : { answer };
}

/** Why a part has no answer; null where it ended well. */
function reasonOf(exit: Exit, said: string, limits: Required<Limits>): string | null {
  const word = lastWord(said.split('\n'));
  if (exit.timedOut) return `ended after its limit of ${Math.round(limits.seconds)} s`;
  const gigabytes = (limits.bytes / 1e9).toPrecision(2);
  if (exit.stopped === 'memory') return `ended because it held more than ${gigabytes} GB of memory`;
  if (exit.outOfMemory) return 'killed for lack of memory';
  if (exit.signal !== null) return `crashed by ${exit.signal}${word === null ? '' : `: ${word}`}`;
  return exit.code === 0 ? null : (word ?? `exit code ${exit.code}`);
}

function parsedLine(out: string): unknown {
  try {
    return JSON.parse(out.trim().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}

import type { RunRecord, TrainResult } from '#contract/run';
import type { Exit } from '#host/child';

/** What is known of a run when its trainer has ended. */
export interface Ending {
  exit: Exit;
  /** Why it was ended for the memory that it held; null where it was not. */
  tooMuchMemory: string | null;
  /** The trainer's last word, where it left one. */
  result: TrainResult | null;
  /** The last line of its log that says something. */
  lastLine: string | undefined;
  /** The data service's last line where it failed by itself, and so cut the stream. */
  service: string | null;
}

/** The last line that says something: below an error stand the calls that it came through, and Node's version. */
export const lastWord = (lines: readonly string[]): string | undefined =>
  lines.findLast((line) => !/^(\s+at |Node\.js v)/.test(line));

/** How a run ended: its status, and one line that says why where it is not `finished`. */
export function outcomeOf({
  exit,
  tooMuchMemory,
  result,
  lastLine,
  service,
}: Ending): Pick<RunRecord, 'status' | 'reason'> {
  const log = lastLine ? `: ${lastLine.slice(0, 500)}` : '';
  if (tooMuchMemory !== null) return { status: 'out-of-memory', reason: tooMuchMemory };
  if (exit.stopped !== null) return { status: 'killed', reason: exit.stopped };
  if (exit.timedOut)
    return { status: 'timeout', reason: `ended after ${exit.seconds.toFixed(0)} s, its limit` };
  if (exit.outOfMemory && (exit.code === 134 || exit.signal === 'SIGABRT')) {
    return { status: 'out-of-memory', reason: 'JavaScript heap out of memory (trainer.log has the trace)' };
  }
  if (exit.outOfMemory) {
    const how = exit.memoryKills > 0 ? 'killed by the kernel' : 'killed from outside, most likely';
    // Who is killed has no time to say why: the last line of its log is about something else.
    return { status: 'out-of-memory', reason: `${how} for want of memory` };
  }
  if (exit.signal !== null) return { status: 'failed', reason: `ended by ${exit.signal}${log}` };
  if (exit.code === 0 && result?.status === 'finished') return { status: 'finished', reason: null };
  if (service !== null) return { status: 'failed', reason: `the data service failed: ${service}` };
  switch (result?.status) {
    case 'diverged':
    case 'out-of-memory':
      return { status: result.status, reason: result.reason ?? result.status };
    case 'interrupted':
    case 'failed':
      return { status: 'failed', reason: result.reason ?? result.status };
  }
  if (exit.code === 0)
    return { status: 'failed', reason: `the trainer ended without a readable out/result.json${log}` };
  return { status: 'failed', reason: `exit code ${exit.code}${log}` };
}

import type { EndedBy, RunRecord, TrainResult } from '#contract/run';
import type { Exit } from '#host/child';

/** What is known of a run when its trainer has ended. */
export interface Ending {
  exit: Exit;
  /** Who stopped it, where it was stopped. */
  stoppedBy: EndedBy | null;
  /** Why the run was ended for the memory that it held; null where it was not. */
  tooMuchMemory: string | null;
  /** The trainer's result, where it left one. */
  result: TrainResult | null;
  /** The last error line of its log (see lastWord); null where there is none. */
  said: string | null;
  /**
   * A data service that failed by itself and so cut the stream: its error line; `outside`: a signal ended it.
   * `ownFault`: it says that it is a fault of its own. Null otherwise.
   */
  service: { said: string; outside: boolean; ownFault: boolean } | null;
}

/**
 * The signals that ask a process to end: from a machine that shuts down, a container that is stopped, or a
 * `kill`.
 */
const ASKS_TO_END = ['SIGTERM', 'SIGINT', 'SIGHUP'];
/** 128 plus their numbers: the exit codes of a shell, or of a program that caught them. */
const ASKED_TO_END = [129, 130, 143];

/** Whether one of these signals ended a process. */
export const endedFromOutside = ({ code, signal }: Pick<Exit, 'code' | 'signal'>): boolean =>
  ASKS_TO_END.includes(signal ?? '') || ASKED_TO_END.includes(code ?? 0);

/** How a run ended: its status, and one line that says why where it is not `finished`. */
export function outcomeOf({
  exit,
  stoppedBy,
  tooMuchMemory,
  result,
  said,
  service,
}: Ending): Pick<RunRecord, 'status' | 'reason'> & { endedBy: EndedBy } {
  const log = said === null ? '' : `: ${said.slice(0, 500)} (trainer.log)`;
  if (tooMuchMemory !== null) return { status: 'out-of-memory', reason: tooMuchMemory, endedBy: 'limit' };
  // Also if it was asked to end just before it finished.
  if (exit.code === 0 && result?.status === 'finished')
    return { status: 'finished', reason: null, endedBy: 'trainer' };
  if (exit.stopped !== null) return { status: 'killed', reason: exit.stopped, endedBy: stoppedBy ?? 'user' };
  if (exit.timedOut)
    return {
      status: 'timeout',
      reason: `ended at its time limit of ${exit.seconds.toFixed(0)} s`,
      endedBy: 'limit',
    };
  if (exit.outOfMemory && (exit.code === 134 || exit.signal === 'SIGABRT')) {
    return {
      status: 'out-of-memory',
      reason: 'JavaScript heap out of memory (trainer.log has the trace)',
      endedBy: 'trainer',
    };
  }
  if (exit.outOfMemory) {
    const how = exit.memoryKills > 0 ? 'killed by the kernel' : 'killed, most likely';
    // A killed process cannot say why: the last line of its log is about something else.
    return { status: 'out-of-memory', reason: `${how} for lack of memory`, endedBy: 'trainer' };
  }
  if (endedFromOutside(exit) || (exit.code === 0 && result?.status === 'interrupted')) {
    return { status: 'killed', reason: 'ended by a signal from outside', endedBy: 'outside' };
  }
  if (exit.signal !== null)
    return { status: 'failed', reason: `ended by ${exit.signal}${log}`, endedBy: 'trainer' };
  if (service?.outside) {
    return {
      status: 'killed',
      reason: 'its data service was ended by a signal from outside',
      endedBy: 'outside',
    };
  }
  if (service !== null) {
    return {
      status: 'failed',
      reason: `the data service failed: ${service.said.slice(0, 500)} (serve.log)`,
      endedBy: service.ownFault ? 'service' : 'trainer',
    };
  }
  switch (result?.status) {
    case 'diverged':
    case 'out-of-memory':
      return { status: result.status, reason: result.reason ?? result.status, endedBy: 'trainer' };
    case 'interrupted':
    case 'failed':
      return { status: 'failed', reason: result.reason ?? result.status, endedBy: 'trainer' };
  }
  if (exit.code === 0)
    return {
      status: 'failed',
      reason: `the trainer ended without a readable out/result.json${log}`,
      endedBy: 'trainer',
    };
  return { status: 'failed', reason: `exit code ${exit.code}${log}`, endedBy: 'trainer' };
}

import { profileOf } from '#contract/task';
import { batchOf } from '../launch.ts';
import { emptyOut } from '../prepare.ts';
import { savedBatch } from '../resume.ts';
import { newJobName } from './commands.ts';
import type { Outcome } from './ending.ts';
import { type Asked, writeAsked, writeJob } from './files.ts';

/** How many jobs in a row may come to nothing that was saved. */
const MOST_IN_VAIN = 3;

/**
 * What another job of the same run has to do, from what was saved; or why the run ends instead. `seconds`:
 * for which it has trained. Written to the run's folder, and not submitted yet.
 */
export function askAgain(dir: string, before: Asked, seconds: number): Asked | Outcome {
  const from = savedBatch(dir);
  const inVain = from === before.from ? (before.inVain ?? 0) + 1 : 0;
  if (inVain >= MOST_IN_VAIN) {
    const reason = `${MOST_IN_VAIN} jobs in a row have ended before its trainer saved anything new: give them more time, or save more often`;
    return { status: 'failed', reason, endedBy: 'limit' };
  }
  const task = { path: before.taskPath, contract: before.contract, brief: '' };
  const { timeout } = profileOf(task, before.record.profile);
  if (seconds >= Math.min(timeout, before.timeoutSeconds ?? Number.POSITIVE_INFINITY))
    return {
      status: 'timeout',
      reason: `ended at its time limit, after ${seconds.toFixed(0)} s`,
      endedBy: 'limit',
    };
  if (from === null) emptyOut(dir);
  const rows = (from ?? 0) * batchOf(task, before.record);
  const earlier = { seconds: from === null ? 0 : seconds, rows };
  const asked: Asked = { ...before, name: newJobName(), from, earlier, inVain };
  writeAsked(dir, asked);
  writeJob(dir, { name: asked.name, id: null });
  return asked;
}

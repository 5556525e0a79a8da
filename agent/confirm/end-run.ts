import { dropTree } from '#host/tree';
import type { Executor } from '../executor/executor.ts';
import { runRef } from '../executor/run-id.ts';
import { findRunRecord } from '../ledger/run-folder.ts';

/** Ends a run on a secret world that a killed loop left in `dir`, and drops its git reference. */
export async function endRun(executor: Pick<Executor, 'endLeft'>, repo: string, dir: string): Promise<void> {
  await executor.endLeft(dir);
  const record = findRunRecord(dir);
  // The reference names the seed.
  if (record) await dropTree({ repo, ref: runRef(record.id) });
}

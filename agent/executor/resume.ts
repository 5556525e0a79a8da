import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { readSafetensors } from '#contract/safetensors';

/**
 * The batch of the stream that a run goes on from: `next_batch` in the metadata of its `out/optimizer.safetensors`.
 * @throws UserError for a run that has finished, still trains, or was never saved.
 */
export function resumePoint(dir: string, record: RunRecord): number {
  const out = join(dir, 'out');
  if (record.status === 'finished')
    throw new UserError(`${dir}: this run has finished; there is nothing to go on with`);
  const pid = trainerOf(out);
  if (pid !== null) {
    throw new UserError(
      `${dir}: its trainer still runs (process ${pid}); wait for it, or end it: kill ${pid}`,
    );
  }
  const saved = join(out, 'optimizer.safetensors');
  if (!existsSync(saved)) {
    throw new UserError(
      `${dir}: nothing was saved yet; train again: npm run train -- ${record.args.join(' ')}`,
    );
  }
  const next = Number(readSafetensors(saved).metadata.next_batch);
  if (Number.isSafeInteger(next) && next >= 0) return next;
  throw new UserError(`${saved}: does not say its next_batch; it was saved by another trainer`);
}

/** The trainer that a killed command may have left behind, by the folder on its command line; null where none runs. */
export function trainerOf(out: string): number | null {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`--out\0${out}\0`)) return Number(name);
    } catch {} // It ended meanwhile.
  }
  return null;
}

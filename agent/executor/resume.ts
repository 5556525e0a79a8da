import { closeSync, readSync } from 'node:fs';
import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { trainWords } from '#contract/train-command';
import { openUntrusted } from '#host/untrusted';
import { inRun } from '../common/paths.ts';

/**
 * The batch of the stream from which a run is resumed: `next_batch` in the metadata of its
 * `out/optimizer.safetensors`.
 * @throws UserError for a run that was never saved.
 */
export function resumePoint(dir: string, record: RunRecord): number {
  const saved = inRun(dir).optimizer;
  const next = nextBatch(saved);
  if (next === undefined) {
    throw new UserError(
      `${dir}: the run had saved nothing yet; train again: npm run train -- ${trainWords({ ...record, profileSettings: undefined }).join(' ')}`,
    );
  }
  if (isBatch(next)) return next;
  throw new UserError(`${saved}: its metadata has no next_batch; another trainer saved it`);
}

/** The same for a run that may begin anew: null where nothing readable was saved. */
export function savedBatch(dir: string): number | null {
  const next = nextBatch(inRun(dir).optimizer);
  return next !== undefined && isBatch(next) ? next : null;
}

const isBatch = (next: number) => Number.isSafeInteger(next) && next >= 0;

/** @throws UserError for a run that has finished. */
export function refuseFinished(dir: string, { status }: RunRecord): void {
  if (status === 'finished')
    throw new UserError(`${dir}: this run has finished; there is nothing to continue`);
}

const MAX_HEADER_BYTES = 1 << 20;

/**
 * `next_batch` of a safetensors file that untrusted code wrote. Only the header is read, never through a link
 * or from a pipe. NaN where it names none; undefined where there is no file.
 */
function nextBatch(saved: string): number | undefined {
  const file = openUntrusted(saved);
  if (!file) return undefined;
  try {
    const size = Buffer.alloc(8);
    readSync(file.fd, size, 0, 8, 0);
    const header = Buffer.alloc(Math.min(Number(size.readBigUInt64LE()), MAX_HEADER_BYTES));
    readSync(file.fd, header, 0, header.length, 8);
    const { __metadata__ } = JSON.parse(header.toString('utf8')) as {
      __metadata__?: { next_batch?: string };
    };
    return Number(__metadata__?.next_batch);
  } catch {
    return Number.NaN;
  } finally {
    closeSync(file.fd);
  }
}

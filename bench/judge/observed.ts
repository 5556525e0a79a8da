import { DEFAULT_BATCH, type Profile } from '#contract/task';
import type { RunFolder } from './run-folder.ts';

/** Batches that a trainer may leave unread: what its reader and the pipe hold when it stops. */
const UNREAD_BATCHES = 8;

/**
 * What the supervisor's side saw of a run, as numbers of a verdict. `samples` are training rows: the
 * trainer's word where it agrees with the rows that were served, else all that was served beyond the
 * profile's allowance for a norm.
 */
export function observedOf(
  { run, result }: RunFolder,
  profile: Profile | null,
  width: number,
): Record<string, number> {
  const allowance = profile?.normalisation ?? 0;
  const claimed = result?.samples ?? 0;
  const normalisation = Math.min(result?.normalisationSamples ?? 0, allowance);
  const observed: Record<string, number> = { normalisation_samples: normalisation, width };
  if (run.rowsServed === null) return { ...observed, samples: claimed };
  const trained = Math.max(0, run.rowsServed - normalisation);
  const slack = UNREAD_BATCHES * (run.batch ?? profile?.batch ?? DEFAULT_BATCH);
  const samples =
    trained - claimed > slack ? Math.max(0, run.rowsServed - allowance) : Math.min(claimed, trained);
  return { ...observed, samples, rows_served: run.rowsServed };
}

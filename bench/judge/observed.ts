import { DEFAULT_BATCH, type Profile } from '#contract/profile';
import { bytesOf, type RunFolder } from './run-folder.ts';

/** Batches that a trainer may leave unread: those in its reader and in the pipe when it stops. */
const UNREAD_BATCHES = 8;

/**
 * What the supervisor observed of a run, as numbers of a verdict. `samples` are training rows: the
 * trainer's count where it agrees with the rows served, else all rows served beyond the profile's allowance
 * for normalisation. `checkpoint_bytes` are all that training left: an encoder that hides latents which it
 * does not answer has several times as many as another of its width.
 */
export function observedOf(
  folder: RunFolder,
  profile: Profile | null,
  width: number,
): Record<string, number> {
  const { run, result } = folder;
  const allowance = profile?.normalisation ?? 0;
  const claimed = result?.samples ?? 0;
  const normalisation = Math.min(result?.normalisationSamples ?? 0, allowance);
  const observed: Record<string, number> = {
    normalisation_samples: normalisation,
    width,
    checkpoint_bytes: bytesOf(folder),
  };
  if (run.rowsServed === null) return { ...observed, samples: claimed };
  const trained = Math.max(0, run.rowsServed - normalisation);
  const slack = UNREAD_BATCHES * (run.batch ?? profile?.batch ?? DEFAULT_BATCH);
  const samples =
    trained - claimed > slack ? Math.max(0, run.rowsServed - allowance) : Math.min(claimed, trained);
  return { ...observed, samples, rows_served: run.rowsServed };
}

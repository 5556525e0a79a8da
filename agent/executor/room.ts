import { entriesBelow, LONGEST_NAME } from '#host/entries-below';
import { machineMemory, memoryOf } from '#host/memory';
import { diskTrouble } from '../budget/disk.ts';

/** The most that a run may leave: some hundred times its weights, moments and snapshots. */
export const MAX_OUT_BYTES = 8 * 2 ** 30;
const MAX_FILES = 10_000;
/** What the owner of a folder needs to see what is in it. */
const OPEN = 0o500;
/** The rest is for the judge and the loop. A machine that swaps would stand still for hours. */
const SHARE_OF_MEMORY = 0.9;

/**
 * Why a run has to end before it fills the disk: its `out/` has grown too large, or too little is free. Null
 * while there is room.
 */
export function roomTrouble(out: string, maxBytes: number): string | null {
  const { bytes, files, hides } = sizeOf(out);
  if (bytes > maxBytes)
    return `its out/ has grown to ${gigabytes(bytes)}; at most ${gigabytes(maxBytes)} are allowed`;
  if (files > MAX_FILES) return `its out/ has more than ${MAX_FILES} files, which is the limit`;
  if (hides) return 'its out/ has a folder that is closed or lies too deep: what is in it cannot be counted';
  return diskTroubleOf(out);
}

/** Why a run has to end because its processes hold too much memory. Null while there is room. */
export function memoryTrouble(
  trainer: { pid: number; mark: string },
  maxBytes = Math.floor(machineMemory() * SHARE_OF_MEMORY),
): string | null {
  const bytes = memoryOf(trainer.pid, trainer.mark);
  if (bytes <= maxBytes) return null;
  return `its processes used ${gigabytes(bytes)} of memory; at most ${gigabytes(maxBytes)} are allowed`;
}

/**
 * The space of a folder on the disk (allocated blocks of sparse files only). Counting stops at the number of
 * files that is refused.
 */
function sizeOf(folder: string): { bytes: number; files: number; hides: boolean } {
  const sum = { bytes: 0, files: 0, hides: false };
  for (const { name, stat } of entriesBelow(folder)) {
    sum.files++;
    sum.bytes += stat.blocks * 512;
    sum.hides ||= name.length > LONGEST_NAME || (stat.isDirectory() && (stat.mode & OPEN) !== OPEN);
    if (sum.files > MAX_FILES) break;
  }
  return sum;
}

/** Null too where the folder is not there any more, as after its run was removed: its end shows that. */
function diskTroubleOf(folder: string): string | null {
  try {
    return diskTrouble(folder);
  } catch {
    return null;
  }
}

const gigabytes = (bytes: number) => `${Number((bytes / 2 ** 30).toPrecision(2))} GiB`;

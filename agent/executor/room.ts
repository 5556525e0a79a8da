import { lstatSync, opendirSync } from 'node:fs';
import { join } from 'node:path';
import { machineMemory, memoryOf } from '#host/memory';
import { diskTrouble } from '../budget/disk.ts';

/** The most that a run may leave: some hundred times its weights, moments and snapshots. */
export const MAX_OUT_BYTES = 8 * 2 ** 30;
const MAX_FILES = 10_000;
/** The rest is for the judge and the loop. A machine that swaps would stand still for hours. */
const SHARE_OF_MEMORY = 0.9;

/**
 * Why a run has to end before it fills the disk: its `out/` has grown too large, or too little is free. Null
 * while there is room.
 */
export function roomTrouble(out: string, maxBytes: number): string | null {
  const { bytes, files } = sizeOf(out);
  if (bytes > maxBytes)
    return `its out/ has grown to ${gigabytes(bytes)}; at most ${gigabytes(maxBytes)} are allowed`;
  if (files > MAX_FILES) return `its out/ has more than ${MAX_FILES} files, which is the limit`;
  try {
    return diskTrouble(out);
  } catch (error) {
    // Whoever takes the folder away ends the run, and not the loop.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
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
 * The space of a folder on the disk (allocated blocks of sparse files only), without following links.
 * Counting stops at the number of files that is refused.
 */
function sizeOf(folder: string): { bytes: number; files: number } {
  const sum = { bytes: 0, files: 0 };
  const walk = (at: string) => {
    const entries = opendirSync(at);
    try {
      for (let entry = entries.readSync(); entry && sum.files <= MAX_FILES; entry = entries.readSync()) {
        const path = join(at, entry.name);
        const stat = lstatSync(path, { throwIfNoEntry: false });
        sum.files++;
        sum.bytes += (stat?.blocks ?? 0) * 512;
        if (entry.isDirectory()) walk(path);
      }
    } finally {
      entries.closeSync();
    }
  };
  try {
    walk(folder);
  } catch {} // Removed, or made unreadable, meanwhile.
  return sum;
}

const gigabytes = (bytes: number) => `${Number((bytes / 2 ** 30).toPrecision(2))} GiB`;

import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { wholeRecords } from './records.ts';

/** The most that the file of one run may hold: its trainer decides how much it logs. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * Opens the event file of a run to be added to, as a loop does that continues a run: what a crash left of a
 * record is cut off. Returns whether the file is new.
 */
export function openEventFile(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) return true;
  const whole = wholeRecords(readFileSync(path));
  const fd = openSync(path, 'r+');
  try {
    ftruncateSync(fd, whole);
  } finally {
    closeSync(fd);
  }
  return whole === 0;
}

/** Adds records in one write. Beyond the limit nothing more is added. */
export function addRecords(path: string, records: readonly Uint8Array[]): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const bytes = Buffer.concat(records);
  if (size + bytes.length <= MAX_BYTES) appendFileSync(path, bytes);
}

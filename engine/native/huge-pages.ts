import { createRequire } from 'node:module';
import { isInstalled } from '../packages.ts';

// Of Linux: the pages that are touched from now on, and those that are there (6.1 and newer).
const MADV_HUGEPAGE = 14;
const MADV_COLLAPSE = 25;

/**
 * Asks Linux for pages of 2 MiB in the `bytes` from the start of `memory` on, which begins at a page: rows
 * that are read here and there lie on more pages of 4 KiB than the processor has in its table of them. With
 * `isFilled` also for what is there now. Returns whether it was taken; nothing but speed depends on it.
 */
export function askForHugePages(memory: Uint8Array, bytes = memory.length, isFilled = false): boolean {
  if (process.platform !== 'linux' || !isInstalled('koffi')) return false;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const advise = koffi.load('libc.so.6').func('int madvise(uint8_t *, size_t, int)');
    const isTaken = advise(memory, bytes, MADV_HUGEPAGE) === 0;
    if (isFilled) advise(memory, bytes, MADV_COLLAPSE);
    return isTaken;
  } catch {
    return false;
  }
}

const PAGE = 4096;

/** The whole pages of an array that lies at this address. */
export function pagesOf({ buffer, byteOffset, byteLength }: ArrayBufferView, address: bigint): Uint8Array {
  const before = Number(-address & BigInt(PAGE - 1));
  const length = Math.max(0, Math.floor((byteLength - before) / PAGE) * PAGE);
  return new Uint8Array(buffer, byteOffset + Math.min(before, byteLength), length);
}

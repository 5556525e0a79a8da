import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { makePipe } from './pipe.ts';

/** A folder of Linux whose files are memory. */
const MEMORY = '/dev/shm';

/** What joins a data service and a trainer: what to start each with. */
export interface DataChannel {
  service: { stdout: number; fds: Record<number, number>; words: string[] };
  trainer: { fds: Record<number, number>; env: Record<string, string> };
  /** Closes our descriptors. To be called once both are started, or neither sees the other's end. */
  close(): void;
}

/**
 * Opens a pipe between a data service and a trainer and, with `ring`, memory that both share
 * (contract/stream.ts): the service writes it, and the trainer gets a descriptor that only reads. A hostile
 * one can open it again for writing (/proc/self/fd): it then changes the rows of its own run alone, which
 * nobody reads back. Where the
 * system has no such memory, it is the pipe alone.
 */
export function openDataChannel(ring: boolean): DataChannel {
  const opened: number[] = [];
  const close = () => {
    for (const fd of opened.splice(0)) closeSync(fd);
  };
  try {
    const stream = makePipe();
    opened.push(stream.readFd, stream.writeFd);
    const memory = ring ? openMemory() : null;
    if (!memory) {
      return {
        service: { stdout: stream.writeFd, fds: {}, words: [] },
        trainer: { fds: { 3: stream.readFd }, env: { LOOP_DATA_FD: '3' } },
        close,
      };
    }
    opened.push(memory.readFd, memory.writeFd);
    const freed = makePipe();
    opened.push(freed.readFd, freed.writeFd);
    return {
      service: {
        stdout: stream.writeFd,
        fds: { 3: memory.writeFd, 4: freed.readFd },
        words: ['--ring', '3,4'],
      },
      trainer: {
        fds: { 3: stream.readFd, 4: memory.readFd, 5: freed.writeFd },
        env: { LOOP_DATA_FD: '3', LOOP_RING_FDS: '4,5' },
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** A file in memory without a name, which ends with its last descriptor; null where there is none. */
function openMemory(): { readFd: number; writeFd: number } | null {
  const path = join(MEMORY, `ring-${randomUUID()}`);
  let writeFd: number;
  try {
    writeFd = openSync(path, 'wx+', 0o600);
  } catch {
    return null;
  }
  try {
    return { readFd: openSync(path, 'r'), writeFd };
  } catch (error) {
    closeSync(writeFd);
    throw error;
  } finally {
    unlinkSync(path);
  }
}

import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD = [0, 1, 2];
let outliving = false;

/** What an output says whose reader or terminal is gone. */
const GONE = ['EPIPE', 'EIO'];

/** In words, why a disk takes no more; null for trouble of another kind. */
export function fullDisk(error: unknown): string | null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EFBIG') return 'a file may not grow further (ulimit -f)';
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : null;
}

/**
 * Lets a command outlive whoever reads its output: a pipe that was closed (`| head`), a terminal that is gone
 * or a full disk below it ends nothing. Nothing more is shown then, and the exit code is that of what was
 * done. What else can be wrong with an output is still an error.
 */
export function outliveOutput(): void {
  if (outliving) return;
  outliving = true;
  const terminals = STANDARD.filter((fd) => isatty(fd));
  process.on('exit', () => {
    // Node sets a terminal back as it ends, and aborts where that is gone; a closed one it leaves alone.
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
  for (const stream of [process.stdout, process.stderr]) {
    // Each thread that runs listens too, and Node warns of a leak beyond ten.
    stream.setMaxListeners(0);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!GONE.includes(error.code ?? '') && fullDisk(error) === null) throw error;
    });
  }
}

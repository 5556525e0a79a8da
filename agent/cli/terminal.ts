import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD = [0, 1, 2];
let outliving = false;

/** What an output says that takes nothing more: its reader or its terminal is gone, or its disk is full. */
const TAKES_NO_MORE = ['EPIPE', 'EIO', 'ENOSPC', 'EDQUOT', 'EFBIG'];

/**
 * Lets a command outlive whoever reads its output: a pipe that was closed (`| head`), a terminal that is gone or a full disk below it ends no
 * night. Nothing more is shown then; the log has all. What else can be wrong with an output is still an error.
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
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!TAKES_NO_MORE.includes(error.code ?? '')) throw error;
    });
  }
}

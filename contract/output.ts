import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

const STANDARD = [0, 1, 2];
let outliving = false;

/** The error codes of an output whose reader or terminal is gone. */
const GONE = ['EPIPE', 'EIO'];

/** Says why a disk accepts no more data; null for an error of another kind. */
export function fullDisk(error: unknown): string | null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EFBIG') return 'a file may not grow further (ulimit -f)';
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : null;
}

const REFUSALS: Partial<Record<string, string>> = {
  ...{ EROFS: 'the file system is read-only', EACCES: 'permission denied', EPERM: 'not permitted' },
  ...{ EMFILE: 'too many files are open', ENFILE: 'too many files are open', EIO: 'the disk fails' },
};

/**
 * One line about a call of the system that failed for want of room or permission, which no stack explains;
 * null for any other error.
 */
export function refusedBySystem(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  const why = fullDisk(error) ?? REFUSALS[code];
  if (why === undefined || syscall === undefined) return null;
  return `${path === undefined ? '' : `${path}: `}${why} (${code} at ${syscall})`;
}

/**
 * Lets a command go on when its output fails: a closed pipe (`| head`), a terminal that is gone or a full
 * disk does not end it. Nothing more is shown then, and the exit code is that of the work done. Any other
 * error of an output is still thrown.
 */
export function outliveOutput(): void {
  if (outliving) return;
  outliving = true;
  const terminals = STANDARD.filter((fd) => isatty(fd));
  process.on('exit', () => {
    // At its end Node resets a terminal, and aborts where the terminal is gone. It leaves a closed one alone.
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
  for (const stream of [process.stdout, process.stderr]) {
    // Each thread that runs adds a listener too, and Node warns of a leak beyond ten.
    stream.setMaxListeners(0);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!GONE.includes(error.code ?? '') && fullDisk(error) === null) throw error;
    });
  }
}

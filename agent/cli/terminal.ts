/**
 * Lets a command outlive whoever reads its output: a pipe that was closed (`| head`) or a terminal that is gone ends no night. Nothing more
 * is shown then; the log has all. What else can be wrong with an output is still an error.
 */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
}

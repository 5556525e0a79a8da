import { type ChildOptions, collect, type Exit, startChild } from './child.ts';
import { lastWord } from './last-word.ts';

/**
 * Runs a short command to its end. Gives how it ended, all that it wrote to standard output, and its error
 * message from standard error (see lastWord).
 * @throws UserError where it cannot be started.
 */
export async function capture(
  options: Omit<ChildOptions, 'stdio' | 'log'>,
): Promise<{ exit: Exit; stdout: string; complaint: string | null }> {
  const child = startChild({ ...options, stdio: { stdout: 'pipe', stderr: 'pipe' } });
  const [stdout, stderr] = await Promise.all([
    collect(child.stdout!, child.done),
    collect(child.stderr!, child.done),
  ]);
  return { exit: await child.done, stdout, complaint: lastWord(stderr.split('\n')) };
}

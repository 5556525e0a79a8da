import { type ChildOptions, collect, type Exit, startChild } from './child.ts';

/**
 * Runs a short command to its end: how it ended, all it wrote to standard output, and the last line of what it wrote
 * to standard error.
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
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return { exit: await child.done, stdout, complaint: lines.at(-1)?.replace(/^error: /, '') ?? null };
}

import { spawnSync } from 'node:child_process';
import { UserError } from '#contract/errors';
import type { Level } from './levels.ts';
import { compilerWords, digestOf, HEADERS } from './sources.ts';

export const COMPILER = 'clang-16';

/** Builds a library of a source in C and writes it to `out`. @throws UserError, the compiler's first line */
export function compile(source: string, out: string, level: Level): void {
  const words = [...compilerWords(level), `-DSOURCES="${digestOf(source, level)}"`, source, '-o', out];
  const { status, stderr, error } = spawnSync(COMPILER, words, { encoding: 'utf8', cwd: HEADERS });
  if (error) {
    throw new UserError(
      `${COMPILER} cannot be started (${error.message}): apt-get install clang-16 binutils`,
      1,
    );
  }
  if (status === 0) return;
  throw new UserError(stderr.split('\n').find((line) => /error|undefined/i.test(line)) ?? 'it failed', 1);
}

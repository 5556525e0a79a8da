import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '..');

it.each([
  [['speed/proof/main.ts', '--out', '/dev/null/x'], /^error: --out \/dev\/null\/x: cannot be written to/],
  [['speed/proof/pack.ts', '--out', '/dev/null/x/y'], /^error: --out \/dev\/null\/x: cannot be written to/],
  [['speed/cli.ts', 'step', '--backend', 'nope'], /^error: .*unknown backend "nope"; there are: auto, /],
])('%j is refused in one line', (words, line) => {
  const argv = ['--import', './host/start.mjs', ...words];
  const { status, stderr, stdout } = spawnSync(process.execPath, argv, {
    cwd: REPOSITORY,
    encoding: 'utf8',
    timeout: 280_000,
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  // A step says first that it is being measured.
  expect(stderr.trim().split('\n').at(-1)).toMatch(line);
  expect(stderr).not.toMatch(/^\s+at /m);
});

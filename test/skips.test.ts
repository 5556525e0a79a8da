import { expect, it } from 'vitest';
import { untested } from './skips.ts';

it('says what was not tested, how much of it, and what to install', () => {
  const skipped = [
    ...Array<string>(3).fill('host/bubblewrap.test.ts'),
    'agent/sandbox.test.ts',
    'engine/embedded/blas.test.ts',
  ];
  expect(untested(skipped)).toEqual([
    'Not tested here (5 skipped):',
    '  the sandbox (4): install bubblewrap (apt-get install bubblewrap), where user namespaces are allowed',
    '  OpenBLAS in the engine (1): install OpenBLAS (apt-get install libopenblas0-pthread)',
  ]);
});

it('names the files of what it does not know, and is silent where nothing was skipped', () => {
  expect(untested(['sae/new.test.ts', 'sae/new.test.ts'])).toEqual([
    'Not tested here (2 skipped):',
    '  tests of sae/new.test.ts (2)',
  ]);
  expect(untested([])).toEqual([]);
});

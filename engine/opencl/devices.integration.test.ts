import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hasNoGpu } from './devices.ts';

it.each(['nvidia0', 'dri', 'kfd', 'dxg'])('tells by /dev/%s that there may be a GPU', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'dev-'));
  try {
    for (const other of ['null', 'nvidia-modeset', 'shm']) writeFileSync(join(folder, other), '');
    expect(hasNoGpu(folder, 'linux')).toBe(true);
    mkdirSync(join(folder, name));
    expect(hasNoGpu(folder, 'linux')).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('says nothing of systems that have no such files', () => {
  expect(hasNoGpu('/dev', 'darwin')).toBe(false);
  expect(hasNoGpu('/there/is/none', 'linux')).toBe(false);
});

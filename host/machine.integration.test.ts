import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { knownGpus } from './machine.ts';

it('knows that there is no GPU where no file leads to one, and nothing of GPUs that it cannot count', () => {
  const dev = mkdtempSync(join(tmpdir(), 'dev-'));
  try {
    for (const name of ['null', 'nvidia-modeset', 'nvidiactl', 'dri']) writeFileSync(join(dev, name), '');
    expect(knownGpus(0, dev, 'linux')).toBe(0);
    expect(knownGpus(2, dev, 'linux')).toBe(2);
    expect(knownGpus(0, dev, 'darwin')).toBeNull();
    expect(knownGpus(0, join(dev, 'none'), 'linux')).toBeNull();
    writeFileSync(join(dev, 'kfd'), '');
    expect(knownGpus(0, dev, 'linux')).toBeNull();
  } finally {
    rmSync(dev, { recursive: true });
  }
});

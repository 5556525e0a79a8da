import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isSoftwareAlone } from './devices.ts';

it('tells by the names of drivers that all of them compute on the processor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vendors-'));
  try {
    expect(isSoftwareAlone(join(folder, 'none'))).toBe(false);
    expect(isSoftwareAlone(folder)).toBe(false);
    writeFileSync(join(folder, 'pocl.icd'), 'libpocl.so.2\n');
    expect(isSoftwareAlone(folder)).toBe(true);
    writeFileSync(join(folder, 'nvidia.icd'), 'libnvidia-opencl.so.1\n');
    expect(isSoftwareAlone(folder)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

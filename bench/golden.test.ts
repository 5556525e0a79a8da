import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { golden } from './golden.ts';

const before = process.env.GOLDEN_DIR;
afterEach(() => {
  if (before === undefined) delete process.env.GOLDEN_DIR;
  else process.env.GOLDEN_DIR = before;
});

describe('the fixtures', () => {
  it('are those of GOLDEN_DIR where it is set, and of that folder alone', () => {
    const other = mkdtempSync(join(tmpdir(), 'golden-'));
    try {
      writeFileSync(join(other, 'zipf.json'), '{"from": "another set"}');
      process.env.GOLDEN_DIR = other;
      expect(golden('zipf.json')).toEqual({ from: 'another set' });
      expect(() => golden('hierarchy.json')).toThrow(
        /hierarchy\.json: there is no such file; GOLDEN_DIR must name/,
      );
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('are the project’s own where it is not', () => {
    delete process.env.GOLDEN_DIR;
    expect(golden('hierarchy.json')).toHaveProperty('cases');
  });
});

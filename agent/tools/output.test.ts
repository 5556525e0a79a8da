import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capped, MAX_BYTES, tail } from './output.ts';

describe('output to the model', () => {
  it('is the end of a long text, with the full text in a file that is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'output-'));
    const long = Array.from({ length: 5000 }, (_, i) => `line ${i}`).join('\n');
    const shown = capped(long, folder, 'bash-1');
    expect(shown.endsWith('line 4999')).toBe(true);
    expect(shown).toContain('[the last 2000 of 5000 lines;');
    expect(readFileSync(join(folder, 'bash-1.txt'), 'utf8')).toBe(long);
    expect(capped('short', folder, 'bash-2')).toBe('short');
  });

  it('never exceeds the limits nor breaks a character', () => {
    expect(Buffer.byteLength(tail('é'.repeat(MAX_BYTES)))).toBeLessThanOrEqual(MAX_BYTES);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const kept = tail(text, 3, 20);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(20);
        expect(kept.split('\n').length).toBeLessThanOrEqual(3);
        expect(Buffer.from(text).toString().endsWith(kept)).toBe(true);
      }),
    );
  });
});

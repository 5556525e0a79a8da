import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startWorking } from './working.ts';

/** What is written while `what` is under way for so many seconds, told once after one of them. */
function shown(isTTY: boolean, seconds: number): string {
  const out = Object.assign(new PassThrough(), { isTTY, columns: 40 });
  const work = startWorking('measuring 6 snapshots', out as unknown as NodeJS.WriteStream);
  vi.advanceTimersByTime(Math.min(1000, seconds * 1000));
  work.told('2 of 6');
  vi.advanceTimersByTime(Math.max(0, seconds - 1) * 1000);
  work.end();
  vi.advanceTimersByTime(60_000);
  // One read returns everything or only a piece, depending on the version of Node.
  let text = '';
  for (let part = out.read(); part !== null; part = out.read()) text += part;
  return text;
}

describe('what is under way', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is one line on a terminal, drawn again and removed at the end', () => {
    const lines = shown(true, 3).split('\r\x1b[K');
    expect(lines[1]).toBe('measuring 6 snapshots · 0:00');
    expect(lines.at(-2)).toBe('measuring 6 snapshots · 2 of 6 · 0:03');
    expect(lines.at(-1)).toBe('');
  });

  it('is a plain line within two seconds elsewhere, and then every five', () => {
    const lines = shown(false, 8).trim().split('\n');
    expect(lines).toEqual(['measuring 6 snapshots · 2 of 6 · 0:02', 'measuring 6 snapshots · 2 of 6 · 0:07']);
  });

  it('says nothing of what ends at once', () => {
    expect(shown(true, 0.3)).toBe('');
    expect(shown(false, 1)).toBe('');
  });
});

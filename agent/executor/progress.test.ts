import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { ProgressTail } from './progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'progress-'));
const path = join(folder, 'progress.jsonl');
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(path, { force: true }));

const line = (samples: number, values: object = { loss: 1 }) =>
  `${JSON.stringify({ step: 1, samples, totalSamples: 10, samplesPerSecond: 1, etaSeconds: 1, values })}\n`;
const samples = (tail: ProgressTail) => tail.read().map((progress) => progress.samples);

it('gives each line once, when it is whole', () => {
  const tail = new ProgressTail(path);
  expect(samples(tail)).toEqual([]);
  writeFileSync(path, line(1) + line(2).slice(0, 20));
  expect(samples(tail)).toEqual([1]);
  expect(samples(tail)).toEqual([]);
  appendFileSync(path, line(2).slice(20) + line(3));
  expect(samples(tail)).toEqual([2, 3]);
});

it('skips what is no progress', () => {
  writeFileSync(path, `garbage\n{"step":1}\n\n${line(4, { loss: 'low' })}${line(5)}[1,2]\n`);
  expect(samples(new ProgressTail(path))).toEqual([5]);
});

it('skips the middle of a flood, and a line without an end', () => {
  const tail = new ProgressTail(path);
  writeFileSync(path, 'x'.repeat(1_000_000));
  expect(samples(tail)).toEqual([]);
  appendFileSync(path, `\n${line(6)}`);
  expect(samples(tail)).toEqual([6]);
  appendFileSync(path, line(7).repeat(5000) + line(8));
  const seen = samples(tail);
  expect(seen.length).toBeLessThan(4000);
  expect(seen.at(-1)).toBe(8);
});

it('begins again where the file does', () => {
  const tail = new ProgressTail(path);
  writeFileSync(path, line(1).repeat(5));
  expect(samples(tail)).toHaveLength(5);
  writeFileSync(path, line(9));
  expect(samples(tail)).toEqual([9]);
});

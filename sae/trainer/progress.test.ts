import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Pace, ProgressLog } from './progress.ts';
import type { StepResult } from './step.ts';

describe('the time left', () => {
  it('is not known before a second step, and counts nothing of the first', () => {
    const out = mkdtempSync(join(tmpdir(), 'progress-'));
    const log = new ProgressLog(out, 10_000, 0);
    for (const [step, seen] of [
      [1, 100],
      [2, 5000],
      [3, 10_000],
    ])
      log.write({ step, seen }, { loss: 1, losses: {} } as StepResult, 1e-3, 0);
    const lines = readFileSync(join(out, 'progress.jsonl'), 'utf8').trim().split('\n');
    const [first, second, last] = lines.map((line) => JSON.parse(line) as { etaSeconds?: number });
    expect(first).not.toHaveProperty('etaSeconds');
    expect(second.etaSeconds).toBeGreaterThan(0);
    expect(last.etaSeconds).toBe(0);
  });

  it('follows a speed that changes, and not every jump of it', () => {
    const pace = new Pace();
    for (let i = 0; i < 60; i++) pace.add(i % 2 === 0 ? 1500 : 500, 1000);
    const even = pace.left(10_000).etaSeconds as number;
    expect(even).toBeGreaterThan(9.3);
    expect(even).toBeLessThan(10.7);
    // Half a minute at twice the speed: the time left halves, within a tenth.
    for (let i = 0; i < 30; i++) pace.add(2000, 1000);
    expect(pace.left(10_000).etaSeconds).toBeCloseTo(5, 0);
  });
});

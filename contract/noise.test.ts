import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from './errors.ts';
import { noiseOf } from './noise.ts';
import { readTask } from './task.ts';

const spread = (difference: number) => ({ f1: { mean: 0.8, run: 0.01, difference } });
const level = (samples: number, difference: number) => ({
  ...{ samples, n: 8, source: 'made up', metrics: spread(difference) },
});
const levels = { screen: level(100, 0.04), rank: level(500, 0.0249), full: level(1000, 0.0171) };
const file = { version: 1, profile: 'tiny', about: 'for a test', budgets: levels };

/** A task with one profile, whose noise is stated so. */
const taskText = (noise: string) => `---
title: Guess the number
workspace: work
check: node check.mjs
train: node train.mjs
encode: node encode.mjs
judge: node judge.mjs
metric: f1
goal: max
limits: { usd: 5, hours: 1, stagnation: { warn: 4, stop: 8 } }
model: { name: offline-replay, maxTokens: 4000 }
profiles:
  tiny:
    world: tiny
    budgets: { screen: 100, rank: 500, full: 1000 }
    evaluation: { verdict: 100, snapshot: 10 }
    noise: ${noise}
    timeout: 60
---
# The task
`;

/** The noise of a task that states `noise`, beside a file noise/tiny.json with this content, if any. */
function noiseIn(content: unknown, noise = 'noise/tiny.json') {
  const folder = mkdtempSync(join(tmpdir(), 'noise-'));
  mkdirSync(join(folder, 'noise'));
  if (content !== undefined) writeFileSync(join(folder, 'noise/tiny.json'), JSON.stringify(content));
  writeFileSync(join(folder, 'TASK.md'), taskText(noise));
  return noiseOf(readTask(join(folder, 'TASK.md')), 'tiny');
}

/** What is said about such a file, from its name on. */
function complaint(content: unknown): string {
  try {
    noiseIn(content);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message.replace(/^.*noise\/tiny\.json: /, '');
  }
  throw new Error('was accepted');
}

describe('the noise of a profile', () => {
  it('is one number for every budget where TASK.md states one, as before', () => {
    const one = { deviation: 0.01, df: 4 };
    expect(noiseIn(undefined, '0.01')).toEqual({
      unlike: { screen: one, rank: one, full: one },
      ...{ screen: 0.01, rank: 0.01, full: 0.01, from: 'stated in TASK.md' },
    });
  });

  it('is the deviation of a difference at each budget where TASK.md names a file, in two digits', () => {
    expect(noiseIn(file)).toEqual({
      ...{ screen: 0.04, rank: 0.025, full: 0.017 },
      // The deviation of a run times the root of two is less here.
      unlike: {
        screen: { deviation: 0.04, df: 7 },
        rank: { deviation: 0.025, df: 7 },
        full: { deviation: 0.017, df: 7 },
      },
      from: 'one standard deviation of the difference of two runs: made up; noise/tiny.json',
    });
  });

  it('says in one line what is wrong with a file, and the remedy', () => {
    const { screen, rank, full } = levels;
    const budgets = (over: object) => ({ ...file, budgets: { screen, rank, full, ...over } });
    const measure = /; measure it with: npm run noise -- tiny( --budgets \w+)?$/;
    for (const [content, words] of [
      [undefined, /^not found, and .*TASK\.md names it as the noise of tiny/],
      [{ ...file, budgets: { screen, full } }, /^budgets\.rank: is missing/],
      [budgets({ full: { ...full, n: 1 } }), /^budgets\.full\.n: must be at least 2/],
      [budgets({ full: level(1000, -0.01) }), /^budgets\.full\.metrics\.f1\.difference: Too small/],
      [budgets({ full: { ...full, metrics: {} } }), /^budgets\.full\.metrics\.f1: is missing/],
      [budgets({ full: { ...full, noise: 1 } }), /^budgets\.full: has fields .*: noise/],
      [
        budgets({ rank: level(400, 0.02) }),
        /^budgets\.rank\.samples: is 400, and the profile's budget is 500/,
      ],
      [{ ...file, profile: 'other' }, /^profile: is "other", not "tiny"/],
      ['x', /^file: /],
    ] as const) {
      const said = complaint(content);
      expect(said).toMatch(words);
      expect(said).toMatch(measure);
      expect(said).not.toContain('\n');
    }
  });
});

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exampleTask } from '#agent/fixtures/examples';
import { UserError } from './errors.ts';
import { noiseOf } from './noise.ts';

const spread = (difference: number) => ({ f1: { mean: 0.8, run: 0.01, difference } });
const level = (samples: number, difference: number) => ({
  ...{ samples, n: 8, source: 'made up', metrics: spread(difference) },
});
const levels = { screen: level(100, 0.04), rank: level(500, 0.0249), full: level(1000, 0.0171) };
const file = { version: 1, profile: 'tiny', about: 'for a test', budgets: levels };

/** The noise of the example task, whose profile names `noise/tiny.json` with this content. */
function noiseIn(content: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'noise-'));
  mkdirSync(join(folder, 'noise'));
  if (content !== undefined) writeFileSync(join(folder, 'noise/tiny.json'), JSON.stringify(content));
  const task = exampleTask((contract) => {
    for (const profile of Object.values(contract.profiles)) profile.noise = 'noise/tiny.json';
  });
  return noiseOf({ ...task, path: join(folder, 'TASK.md') }, 'tiny');
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
    expect(noiseOf(exampleTask(), 'tiny')).toEqual({
      ...{ screen: 0.01, rank: 0.01, full: 0.01, from: 'stated in TASK.md' },
    });
  });

  it('is the deviation of a difference at each budget where TASK.md names a file, in two digits', () => {
    expect(noiseIn(file)).toEqual({
      ...{ screen: 0.04, rank: 0.025, full: 0.017 },
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

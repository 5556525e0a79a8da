import { describe, expect, it } from 'vitest';
import type { Row } from './rows.ts';
import { filtered, sorted, valueIn } from './where.ts';

const rows: Row[] = [
  { run: 'a', experiment: 'wide', set: 'k=4', set_k: 4, verified_f1: 0.9, measured_f1: 0.1, sprint: null },
  { run: 'b', experiment: 'wide', set: '', measured_f1: 0.8, sprint: 's1' },
  { run: 'c', experiment: 'plain', set: 'lr=0.1', sprint: null, claimed_loss: 0.1 },
];
const names = (of: readonly Row[]) => of.map(({ run }) => run).join('');

const where = (terms: string) => names(filtered(rows, terms));

describe('--where', () => {
  it('takes the judge’s number for a bare name: verified before measured', () => {
    expect(rows.map((row) => valueIn(row, 'f1'))).toEqual([0.9, 0.8, undefined]);
    expect(valueIn(rows[2] ?? {}, 'loss')).toBe(0.1);
    // Means on secret worlds are not compared with verdicts on the public one.
    expect(valueIn({ verified_f1: 0.9, confirmed_f1: 0.8 }, 'f1')).toBe(0.9);
    expect(where('f1>.5')).toBe('ab');
    expect(where('measured_f1>.5')).toBe('b');
    expect(where('k=4.0')).toBe('a');
  });

  it('keeps what meets every term', () => {
    expect(where('')).toBe('abc');
    expect(where('experiment=wide f1<=.8')).toBe('b');
    expect(where('experiment!=wide')).toBe('c');
    expect(where('set~lr=')).toBe('c');
    // A run without the value is not equal to it, and neither more nor less.
    expect(where('sprint!=s1')).toBe('ac');
    expect([where('f1<1'), where('f1>=0')]).toEqual(['ab', 'ab']);
    expect(where('experiment>1')).toBe('');
  });

  it('refuses what is no term, and a name that no run has', () => {
    expect(() => where('f1')).toThrow('--where: "f1" is no term');
    // Each was a table without a run.
    for (const term of ['f1>>.8', 'f1>', 'experiment>a'])
      expect(() => where(term)).toThrow(/^--where: "[^"]+": > compares with a number, and ".*" is none$/);
    expect(() => where('f2>1')).toThrow('no run has "f2"; there are: run, experiment');
    expect(filtered([], 'f2>1')).toEqual([]);
  });
});

it('--sort puts what lacks the value last, in both ways', () => {
  const by = (name: string) => names(sorted(rows, name));
  expect([by('f1'), by('-f1'), by('-run'), by('experiment')]).toEqual(['bac', 'abc', 'cba', 'cab']);
  expect(() => by('nothing')).toThrow('no run has "nothing"');
});

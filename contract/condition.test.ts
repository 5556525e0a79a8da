import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Condition, violation } from './condition.ts';

describe('conditions on a verdict', () => {
  it('accepts absolute and relative bounds and refuses the rest', () => {
    for (const good of [
      '>=0.95',
      '==128',
      '<= 4e6',
      '>=best-0.01',
      '>best',
      '<best+.5',
      '>=best ever-0.01',
      '>best  ever',
      '>=0.5 and >=best-1e-2',
      7,
    ]) {
      expect(Condition.safeParse(good).success, String(good)).toBe(true);
    }
    for (const bad of [
      '0.95',
      '>=',
      '>=best-',
      '=> 3',
      '>=beast',
      '>= -',
      '',
      '>=ever-1',
      '>=best ever-',
      '>=1 and',
      '>=1 or <2',
      'and >=1',
    ]) {
      expect(Condition.safeParse(bad).success, bad).toBe(false);
    }
  });

  it('holds exactly at an inclusive bound and never for a missing value', () => {
    expect(violation('>=0.95', 0.95, [])).toBeNull();
    expect(violation('>0.95', 0.95, [])).not.toBeNull();
    expect(violation('>=0.95', undefined, [])).toContain('no value');
    expect(violation('>=0.95', Number.NaN, [])).toContain('no value');
  });

  it('never holds for a number that is not there, also where there is no best yet', () => {
    for (const bests of [[], [0.8]]) expect(violation('>=best-0.01', undefined, bests)).toContain('no value');
  });

  it('compares with the best where there is one, and passes where there is none', () => {
    expect(violation('>=best-0.01', 0.79, [0.8])).toBeNull();
    expect(violation('>=best-0.01', 0.78, [0.8])).toContain('0.79');
    expect(violation('>=best-0.01', 0.1, [])).toBeNull();
  });

  it('compares with the best value of all bests: a bound that does not sink with them', () => {
    expect(violation('>=best ever-0.01', 0.79, [0.8, 0.7])).toBeNull();
    expect(violation('>=best-0.01', 0.78, [0.8, 0.7])).toBeNull();
    expect(violation('>=best ever-0.01', 0.78, [0.8, 0.7])).toBe(
      '0.78 where >=best ever-0.01 (0.79) is asked',
    );
    // For an upper bound the lowest is the best.
    expect(violation('<=best ever+1', 4, [2, 5])).toContain('(3)');
    expect(violation('>=best ever-0.01', 0.1, [])).toBeNull();
  });

  it('needs all that "and" joins, and says which part fails', () => {
    const both = '>=0.7 and >=best ever-0.01';
    expect(violation(both, 0.8, [0.8])).toBeNull();
    expect(violation(both, 0.75, [0.8])).toContain('>=best ever-0.01 (0.79)');
    // The absolute part holds before there is a first best.
    expect(violation(both, 0.69, [])).toBe('0.69 where >=0.7 is asked');
    expect(violation(both, undefined, [])).toContain('no value');
  });

  it('>= and < are complements', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 0, max: 1000 }),
        (value, bound) => {
          const atLeast = violation(`>=${bound}`, value, []) === null;
          const below = violation(`<${bound}`, value, []) === null;
          expect(atLeast).toBe(!below);
        },
      ),
    );
  });
});

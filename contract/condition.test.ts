import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Condition, violation } from './condition.ts';

describe('conditions on a verdict', () => {
  it('accepts absolute and relative bounds and refuses the rest', () => {
    for (const good of ['>=0.95', '==128', '<= 4e6', '>=best-0.01', '>best', '<best+.5', 7]) {
      expect(Condition.safeParse(good).success, String(good)).toBe(true);
    }
    for (const bad of ['0.95', '>=', '>=best-', '=> 3', '>=beast', '>= -', '']) {
      expect(Condition.safeParse(bad).success, bad).toBe(false);
    }
  });

  it('holds exactly at an inclusive bound and never for a missing value', () => {
    expect(violation('>=0.95', 0.95, undefined)).toBeNull();
    expect(violation('>0.95', 0.95, undefined)).not.toBeNull();
    expect(violation('>=0.95', undefined, undefined)).toContain('no value');
    expect(violation('>=0.95', Number.NaN, undefined)).toContain('no value');
  });

  it('never holds for a number that is not there, also where there is no best yet', () => {
    for (const best of [undefined, 0.8])
      expect(violation('>=best-0.01', undefined, best)).toContain('no value');
  });

  it('compares with the best where there is one, and passes where there is none', () => {
    expect(violation('>=best-0.01', 0.79, 0.8)).toBeNull();
    expect(violation('>=best-0.01', 0.78, 0.8)).toContain('0.79');
    expect(violation('>=best-0.01', 0.1, undefined)).toBeNull();
  });

  it('>= and < are complements', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 0, max: 1000 }),
        (value, bound) => {
          const atLeast = violation(`>=${bound}`, value, undefined) === null;
          const below = violation(`<${bound}`, value, undefined) === null;
          expect(atLeast).toBe(!below);
        },
      ),
    );
  });
});

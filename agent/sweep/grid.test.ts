import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combinations, eachValue, gridFrom, setWords, sizeOf, swept } from './grid.ts';

describe('a grid of settings', () => {
  it('has a value for each comma outside of brackets, braces and quotes', () => {
    expect(
      gridFrom(['k=2,3, 4', 'widths=[4,16],[8,[1,2]]', 'part={"a":1,"b":"]"},null', 'name="a,b",c']),
    ).toEqual({
      k: ['2', '3', '4'],
      widths: ['[4,16]', '[8,[1,2]]'],
      part: ['{"a":1,"b":"]"}', 'null'],
      name: ['"a,b"', 'c'],
    });
    expect(combinations(gridFrom([]))).toEqual([{}]);
  });

  it.each([
    ['k', 'must be key=value'],
    ['=3', 'must be key=value'],
    ['k=', 'a value is missing'],
    ['k=2,,3', 'a value is missing'],
    ['k=2,3,', 'a value is missing'],
    ['k=2,3,2', '2 is there twice'],
    ['w=[4,16', 'a [ is not closed'],
    ['w=[4,16}', 'a "}" closes nothing'],
    ['w=4]', 'a "]" closes nothing'],
    ['w="a,b', 'a " is not closed'],
  ])('refuses %s in one line', (pair, why) => {
    expect(() => gridFrom([pair])).toThrow(`--set ${pair}: ${why}`);
    expect(() => gridFrom(['other=1', pair])).toThrow(why);
  });

  it('is written as arguments of a shell', () => {
    expect(setWords(gridFrom(['k=2,3', "w=[4,16],it's"]))).toEqual([
      '--set k=2,3',
      String.raw`--set 'w=[4,16],it'\''s'`,
    ]);
  });

  it('refuses a setting that is given twice', () => {
    expect(() => gridFrom(['k=2', 'k=3'])).toThrow('k is set twice');
  });
});

/** What a value of a setting can be: a word, or any JSON that is not a bare list of words. */
const value = fc.oneof(
  fc.stringMatching(/^[\w.+/-]{1,8}$/),
  fc.array(fc.oneof(fc.integer(), fc.string()), { minLength: 1 }).map((list) => JSON.stringify(list)),
  fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.array(fc.integer()))).map((of) => JSON.stringify(of)),
  fc.string().map((text) => JSON.stringify(text)),
);
const grids = fc.dictionary(
  fc.stringMatching(/^[a-z][\w.]{0,6}$/),
  fc.uniqueArray(value, { minLength: 1, maxLength: 4 }),
  { maxKeys: 4 },
);
const written = (grid: Record<string, string[]>) =>
  Object.entries(grid).map(([key, values]) => `${key}=${values.join(',')}`);

describe('of any values', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(grids, (grid) => {
        expect(gridFrom(written(grid))).toEqual(grid);
      }),
    );
  });

  it('has each combination once, and every value in as many of them as any other', () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const all = combinations(grid);
        expect(all).toHaveLength(sizeOf(grid));
        expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(all.length);
        for (const [key, values] of Object.entries(grid))
          for (const one of values)
            expect(all.filter((each) => each[key] === one)).toHaveLength(all.length / values.length);
        const few = eachValue(grid);
        expect(few.length).toBeLessThanOrEqual(all.length);
        for (const each of few) expect(all).toContainEqual(each);
        for (const [key, values] of Object.entries(grid))
          expect(new Set(few.map((each) => each[key]))).toEqual(new Set(values));
        expect(swept(grid)).toEqual(Object.keys(grid).filter((key) => (grid[key] ?? []).length > 1));
      }),
    );
  });

  it('never breaks but by one line that names the argument', () => {
    fc.assert(
      fc.property(fc.string(), (pair) => {
        try {
          const grid = gridFrom([pair]);
          expect(Object.values(grid).flat()).not.toContain('');
        } catch (error) {
          expect((error as Error).name).toBe('UserError');
          expect((error as Error).message).toContain(`--set ${pair}: `);
        }
      }),
    );
  });
});

import { UserError } from '#contract/errors';
import type { Settings } from '#contract/run';

/** The values of settings, by key, in the order in which they were given. */
export type Grid = Readonly<Record<string, readonly string[]>>;

const CLOSES: Readonly<Record<string, string>> = { '[': ']', '{': '}' };

/**
 * The grid of `key=value,value` strings. A comma within brackets, braces or double quotes belongs to its
 * value: `widths=[4,16],[8,32]` has two.
 * @throws UserError
 */
export function gridFrom(pairs: readonly string[]): Grid {
  const grid = new Map<string, string[]>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, at)).trim();
    if (key === '') throw new UserError(`--set ${pair}: must be key=value, or key=value,value,...`);
    if (grid.has(key))
      throw new UserError(`--set ${pair}: ${key} is set twice; write all values in one --set`);
    const values = split(pair.slice(at + 1), pair);
    const again = values.find((value, i) => values.indexOf(value) !== i);
    if (values.includes('')) throw new UserError(`--set ${pair}: a value is missing between two commas`);
    if (again !== undefined) throw new UserError(`--set ${pair}: ${again} is there twice`);
    grid.set(key, values);
  }
  return Object.fromEntries(grid);
}

/** The values of a text, at its commas outside of brackets, braces and quotes. */
function split(text: string, pair: string): string[] {
  const values: string[] = [];
  const open: string[] = [];
  let [value, quoted] = ['', false];
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i);
    if (quoted && letter === '\\') value += letter + text.charAt(++i);
    else if (letter === ',' && !quoted && open.length === 0) {
      values.push(value.trim());
      value = '';
    } else {
      value += letter;
      if (letter === '"') quoted = !quoted;
      else if (!quoted && CLOSES[letter]) open.push(letter);
      else if (!quoted && /[\]}]/.test(letter) && CLOSES[open.pop() ?? ''] !== letter)
        throw new UserError(`--set ${pair}: a "${letter}" closes nothing`);
    }
  }
  const left = quoted ? '"' : open.at(-1);
  if (left !== undefined) throw new UserError(`--set ${pair}: a ${left} is not closed`);
  return [...values, value.trim()];
}

/** How many combinations a grid has. */
export const sizeOf = (grid: Grid): number =>
  Object.values(grid).reduce((size, values) => size * values.length, 1);

/** Every combination of the values; the last setting changes fastest. One, without settings, of no grid. */
export function combinations(grid: Grid): Settings[] {
  return Object.entries(grid).reduce<Settings[]>(
    (all, [key, values]) => all.flatMap((before) => values.map((value) => ({ ...before, [key]: value }))),
    [{}],
  );
}

/**
 * Combinations in which every value of the grid occurs: the first one, and each further value in its place.
 * What a single value breaks shows in one of them.
 */
export function eachValue(grid: Grid): Settings[] {
  const keys = Object.keys(grid);
  const first = Object.fromEntries(keys.map((key) => [key, grid[key]?.[0] ?? '']));
  const others = keys.flatMap((key) =>
    (grid[key] ?? []).slice(1).map((value) => ({ ...first, [key]: value })),
  );
  return [first, ...others];
}

/** The settings with more than one value. */
export const swept = (grid: Grid): string[] =>
  Object.keys(grid).filter((key) => (grid[key]?.length ?? 0) > 1);

/** The grid as arguments of a shell. */
export const setWords = (grid: Grid): string[] =>
  Object.entries(grid).map(([key, values]) => `--set ${quoted(`${key}=${values.join(',')}`)}`);

const quoted = (word: string): string =>
  /^[\w.,=/+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

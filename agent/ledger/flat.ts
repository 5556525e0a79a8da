import type { NamedValues } from '#contract/text';
import { plain } from '#contract/text';
import { cut } from '../common/words.ts';

/** A record of a workspace's code may be of any size, and is committed. */
const MOST = { values: 200, letters: 200 };

/**
 * The settings of a trainer as one record of plain values: a nested one is named by its path (`a.b`), a list
 * stands as JSON. No more than 200 of them, and 200 characters of each.
 */
export function flat(config: Readonly<Record<string, unknown>>): NamedValues {
  const values: [string, NamedValues[string]][] = [];
  const add = (name: string, value: unknown, depth: number): void => {
    if (values.length >= MOST.values || value === undefined) return;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < 8) {
      for (const [key, inner] of Object.entries(value)) add(`${name}.${key}`, inner, depth + 1);
      return;
    }
    const known = value === null || typeof value === 'number' || typeof value === 'boolean';
    const text = () => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
    values.push([cut(plain(name), MOST.letters), known ? value : cut(plain(text()), MOST.letters)]);
  };
  for (const [name, value] of Object.entries(config)) add(name, value, 0);
  return Object.fromEntries(values);
}

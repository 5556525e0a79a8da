import { UserError } from './errors.ts';

/**
 * Settings by key, from "key=value" strings as a person or a model writes them. Where a key is repeated, the
 * last value holds.
 * @throws UserError
 */
export function settingsFrom(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UserError(`--set ${pair}: must be key=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** The settings as "key=value" strings. */
export const pairsOf = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).map(([key, value]) => `${key}=${value}`);

import { UserError } from './errors.ts';

/**
 * Settings by key from "key=value" each, as a person or a model writes them; of two with one key the last
 * holds. @throws UserError
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

/** The same written out again: "key=value" each. */
export const pairsOf = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).map(([key, value]) => `${key}=${value}`);

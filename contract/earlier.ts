import { settingsFrom } from './settings.ts';

type Fields = Record<string, unknown>;

/**
 * Brings what an earlier version wrote of a run (in `run.json`, `sprint.json` or an event) into the present
 * form. Version 1 kept the words of the train command (`args`), and the settings of a waiting run as
 * "key=value" (`set`). Anything else is given back as it is.
 */
export function asNow(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { args, set, ...rest } = value as Fields;
  const version = rest.version === 1 ? { version: 2 } : {};
  try {
    if (isWords(args)) return { ...fromWords(args), ...rest, ...version };
    if (isWords(set)) return { ...rest, settings: settingsFrom(set) };
  } catch {
    return value; // The schema reports what is wrong.
  }
  return { ...(value as Fields), ...version };
}

/** The spec that these words of a train command ask for. */
function fromWords(args: readonly string[]): Fields {
  const after = (option: string) =>
    args.flatMap((word, i) => {
      if (args[i - 1] === option) return [word];
      return word.startsWith(`${option}=`) ? [word.slice(option.length + 1)] : [];
    });
  const [own] = after('--settings');
  return {
    settings: settingsFrom(after('--set')),
    samples: Number(after('--samples')[0] ?? 0),
    seed: Number(after('--seed')[0] ?? 0),
    ...(own === undefined ? {} : { profileSettings: JSON.parse(own) as unknown }),
  };
}

const isWords = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((word) => typeof word === 'string');

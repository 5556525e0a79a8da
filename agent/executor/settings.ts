import type { Profile } from '#contract/task';

const OPTION = '--settings';

/** What the train command is handed of a profile's own settings, as words of its command line. */
export const settingsArgs = ({ settings }: Pick<Profile, 'settings'>): string[] =>
  settings === undefined ? [] : [OPTION, JSON.stringify(settings)];

/** What it is handed of settings that are changed for one run, `key=value` each. */
export const setArgs = (set: readonly string[]): string[] => set.flatMap((pair) => ['--set', pair]);

/** The words of a run's arguments that hold its profile's settings, and the others. */
export function apart(args: readonly string[]): { settings: string[]; others: string[] } {
  const at = args.indexOf(OPTION);
  if (at === -1) return { settings: [], others: [...args] };
  return { settings: args.slice(at, at + 2), others: [...args.slice(0, at), ...args.slice(at + 2)] };
}

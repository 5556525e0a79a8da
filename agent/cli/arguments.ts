import { InvalidArgumentError, Option } from 'commander';
import type { Settings } from '#contract/run';
import { settingsFrom } from '#contract/settings';

export { parsed, program, whole } from '#contract/command-line';

/** How the code of the workspace is confined. */
export const sandboxOption = () =>
  new Option(
    '--sandbox <how>',
    'auto: the code of the workspace runs in bubblewrap where that works; off: no sandbox',
  )
    .choices(['auto', 'off'])
    .default('auto');

/** For --set, which may be given more than once: "key=value". */
export function setting(pair: string, all: Settings): Settings {
  if (pair.indexOf('=') < 1) throw new InvalidArgumentError('It must be key=value.');
  return { ...all, ...settingsFrom([pair]) };
}

/**
 * Of a command to start, the index of the first word after its script: where program and flags end. The
 * script that host/start.mjs starts comes after it.
 */
export function afterScript(args: readonly string[]): number {
  const at = args.findIndex((word) => /\.m?[jt]s$/.test(word));
  return at >= 0 && args[at - 1] === 'node' && args[at] === 'host/start.mjs' ? at + 2 : at + 1;
}

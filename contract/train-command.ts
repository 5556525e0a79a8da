import type { Run, RunRecord, Settings } from './run.ts';
import { pairsOf } from './settings.ts';

/** What a train command is told of a run. */
export type Told = Pick<RunRecord, 'experiment' | 'profile' | 'samples' | 'seed' | 'settings'> &
  Pick<Run, 'profileSettings'>;

/**
 * The words after the task's train command that ask for a run. No code parses them again: the spec says what
 * a run is.
 */
export const trainWords = (run: Told): string[] => [
  run.experiment,
  ...['--profile', run.profile, '--samples', String(run.samples), '--seed', String(run.seed)],
  ...settingWords(run),
];

/** The words among them for the settings: the profile's own, then what is changed for this run. */
export const settingWords = ({
  settings,
  profileSettings,
}: { settings: Settings } & Pick<Run, 'profileSettings'>) => [
  ...(profileSettings === undefined ? [] : ['--settings', JSON.stringify(profileSettings)]),
  ...pairsOf(settings).flatMap((pair) => ['--set', pair]),
];

import type { WidthProfile } from './profiles.ts';

/** A value of a setting, as JSON has them. */
export type Setting = number | string | boolean | null | Setting[] | { [key: string]: Setting };
export type Settings = Readonly<Record<string, Setting>>;

/**
 * A named experiment: an architecture (a file of `architectures/`) and what differs from its defaults and the
 * profile's: fields of the architecture, of the trainer (trainer/config.ts) and add-ons, in one flat record.
 */
export interface Experiment {
  name: string;
  /** One line for lists. */
  description: string;
  architecture: string;
  settings?: Settings | ((profile: WidthProfile) => Settings);
}

/** Experiments that are run one after the other and set side by side, by `npm run sweep -- <name>`. */
export interface Sweep {
  name: string;
  /** One line for lists. */
  description: string;
  /** Names of experiments, in the order of the table. */
  members: readonly string[];
}

export function settingsOf({ settings = {} }: Pick<Experiment, 'settings'>, profile: WidthProfile): Settings {
  return typeof settings === 'function' ? settings(profile) : settings;
}

/** The same experiment under another name with some settings changed. */
export function vary(
  base: Experiment,
  name: string,
  description: string,
  change: NonNullable<Experiment['settings']>,
): Experiment {
  return {
    ...base,
    name,
    description,
    settings: (profile) => ({ ...settingsOf(base, profile), ...settingsOf({ settings: change }, profile) }),
  };
}

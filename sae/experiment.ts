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

export function settingsOf(experiment: Experiment, profile: WidthProfile): Settings {
  const { settings = {} } = experiment;
  return typeof settings === 'function' ? settings(profile) : settings;
}

/** The same experiment under another name with some settings changed. */
export function vary(base: Experiment, name: string, description: string, change: Settings): Experiment {
  return {
    ...base,
    name,
    description,
    settings: (profile) => ({ ...settingsOf(base, profile), ...change }),
  };
}

import type { WidthProfile } from './profiles.ts';

/** A value of a setting: any JSON value. */
export type Setting = number | string | boolean | null | Setting[] | { [key: string]: Setting };
/** Settings by name: fields of the architecture, of the trainer and add-ons. */
export type Settings = Readonly<Record<string, Setting>>;

/**
 * A named experiment: an architecture and the settings that differ from its defaults and the profile's, in
 * one flat record.
 */
export interface Experiment {
  /** The name by which it is run. */
  name: string;
  /** One line for lists. */
  description: string;
  /** Name of a file in `architectures/`. */
  architecture: string;
  /** Settings, or a function that makes them from the profile's sizes. */
  settings?: Settings | ((profile: WidthProfile) => Settings);
}

/** Experiments that `npm run sweep -- <name>` runs one after the other and compares. */
export interface Sweep {
  /** The name by which it is run; no experiment has it. */
  name: string;
  /** One line for lists. */
  description: string;
  /** Names of experiments, in the order of the table. */
  members: readonly string[];
}

/** The settings of an experiment at a profile. */
export function settingsOf({ settings = {} }: Pick<Experiment, 'settings'>, profile: WidthProfile): Settings {
  return typeof settings === 'function' ? settings(profile) : settings;
}

/** The same experiment under another name, with some settings changed. */
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

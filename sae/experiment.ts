import type { WidthProfile } from './profiles.ts';

/** A value of a setting: any JSON value. */
export type Setting = number | string | boolean | null | Setting[] | { [key: string]: Setting };
/** Settings by name: fields of the architecture, of the trainer and add-ons. */
export type Settings = Readonly<Record<string, Setting>>;

/** The profile's sizes, and what one run aims at. */
export interface Sizes extends WidthProfile {
  /** The L0 of the run: k of `--set`, else the profile's. */
  aim: number;
}

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
  settings?: Settings | ((sizes: Sizes) => Settings);
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

/** The settings of an experiment at these sizes. */
export function settingsOf({ settings = {} }: Pick<Experiment, 'settings'>, sizes: Sizes): Settings {
  return typeof settings === 'function' ? settings(sizes) : settings;
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
    settings: (sizes) => ({ ...settingsOf(base, sizes), ...settingsOf({ settings: change }, sizes) }),
  };
}

import type { EvalPoint, Progress, Run } from '#contract/run';
import type { Verdict } from '#contract/verdict';
import { cut, plain } from '../common/words.ts';
import { fileVersion, type Setting, scalars, sessionEnd, sessionStart } from './events.ts';

/** What the events of a run say of it. */
export interface RunFacts
  extends Pick<Run, 'id' | 'experiment' | 'settings' | 'samples' | 'seed' | 'role' | 'profileSettings'> {
  sprint: string | null;
  profile: string;
}

/** What a run's log has of one moment. */
export type Logged = Pick<Progress, 'samples' | 'values'> & { samplesPerSecond?: number };

/** The names of numbers and settings are chosen by the code of the workspace: so many, and so long. */
const MAX_NAMES = 100;
const MAX_NAME = 60;
const MAX_TEXT = 200;

/**
 * The records of one run's event file. A step is a number of training samples. A tag begins with who says
 * the number: `train/` the trainer; `snapshot/`, `verdict/` and `confirmed/` (on a secret world) the judge.
 */
export class RunEvents {
  readonly #tags = new Set<string>();

  constructor(readonly run: RunFacts) {}

  /** The beginning of a file: its version, and the settings of the run. */
  opening(seconds: number): Uint8Array[] {
    const { run } = this;
    const own: [string, Setting][] = [
      ...Object.entries({ experiment: run.experiment, profile: run.profile }),
      ...Object.entries({ seed: run.seed, samples: run.samples }),
      ...(run.role === undefined ? [] : [['role', run.role] as [string, Setting]]),
      ...(run.sprint === null ? [] : [['sprint', run.sprint] as [string, Setting]]),
    ];
    const settings = Object.entries({ ...run.profileSettings, ...run.settings })
      .slice(0, MAX_NAMES)
      .map(([name, value]) => [nameOf(name), settingOf(value)] as const);
    // Ours come last and win: a setting may not pass for the seed.
    const all = new Map([...settings, ...own.map(([name, value]) => [name, settingOf(value)] as const)]);
    return [fileVersion(seconds), sessionStart(seconds, run.id, all)];
  }

  logged(seconds: number, { samples, values, samplesPerSecond }: Logged): Uint8Array[] {
    const speed = samplesPerSecond === undefined ? null : { speed: { samples_per_second: samplesPerSecond } };
    return this.#scalars(seconds, samples, { train: values, ...speed });
  }

  snapshot(seconds: number, { samples, metrics }: EvalPoint): Uint8Array[] {
    return this.#scalars(seconds, samples, { snapshot: metrics });
  }

  /** The verdict, at the samples that the judge's side counted. Its other forms are groups of their own. */
  verdict(seconds: number, { kind, metrics, also, observed }: Verdict): Uint8Array[] {
    // Numbers of a secret world are not those of the public one.
    const group = kind === 'confirmed' ? 'confirmed' : 'verdict';
    const forms = Object.entries(also).map(([form, numbers]) => [`${group}_${nameOf(form)}`, numbers]);
    const groups = { [group]: metrics, ...Object.fromEntries(forms) };
    return this.#scalars(seconds, observed.samples ?? this.run.samples, groups);
  }

  end(seconds: number, ok: boolean): Uint8Array[] {
    return [sessionEnd(seconds, ok)];
  }

  /** One record with the numbers of these groups; none where no number is left. */
  #scalars(seconds: number, step: number, groups: Record<string, Record<string, number>>): Uint8Array[] {
    const numbers = new Map<string, number>();
    for (const [group, values] of Object.entries(groups)) {
      for (const [name, value] of Object.entries(values)) {
        const tag = `${group}/${nameOf(name)}`;
        // Two names that are cleaned to one: the first stays, as in the trainer's order.
        if (!numbers.has(tag) && this.#isTag(tag)) numbers.set(tag, value);
      }
    }
    return numbers.size === 0 || step < 0 ? [] : [scalars(seconds, step, numbers)];
  }

  /** Each tag is a chart of TensorBoard: a run has at most so many of each kind. */
  #isTag(tag: string): boolean {
    const group = tag.slice(0, tag.indexOf('/') + 1);
    const same = [...this.#tags].filter((other) => other.startsWith(group));
    if (!this.#tags.has(tag) && same.length >= MAX_NAMES) return false;
    this.#tags.add(tag);
    return true;
  }
}

/** A name without a slash, which would put it into another group, and without what a page could obey. */
const nameOf = (name: string): string =>
  cut(plain(name).replace(/[^\p{L}\p{N}_.-]+/gu, '_'), MAX_NAME) || '_';

/** Settings are kept as they were written: "3e-4" is a number here. */
function settingOf(value: unknown): Setting {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : cut(plain(text), MAX_TEXT);
}

import { z } from 'zod';
import type { Settings } from '#contract/run';
import { profileOf, type Task } from '#contract/task';
import { Line, NamedNumbers } from '#contract/text';
import { settingWords } from '#contract/train-command';
import { builtCommand } from '#host/built/built';
import { capture } from '#host/capture';
import { splitCommand } from '#host/command';
import { readsOf } from '#host/reads';
import type { Sandbox } from '#host/sandbox';
import { type Broken, brokenConstraints, type Trouble } from './contract-check.ts';

const Foretold = z.array(
  z.object({
    name: Line,
    /** Numbers of the verdict on such a run, observed or declared, that the settings alone decide. */
    declares: NamedNumbers,
  }),
);
export type Foretold = z.infer<typeof Foretold>[number];

/** Why no such run is possible, from a trainer that knows `--describe`. */
const Refused = z.object({ refused: Line });

/** What the trainer is asked about: runs of one experiment, or of every experiment of the workspace. */
export interface Question {
  task: Task;
  repo: string;
  /** The folder with the workspace: the repository, or a tree. */
  cwd: string;
  sandbox: Sandbox;
  profileName: string;
  samples: number;
  settings?: Settings;
  experiment?: string;
  /** Ends the question when it aborts. */
  signal?: AbortSignal;
}

/**
 * The numbers that runs would declare, from `train [experiment] --describe`, which answers in JSON without
 * training. Null where the trainer does not know the option or refuses these settings: nothing is known
 * before a run is judged.
 */
export async function foretell(question: Question): Promise<Foretold[] | null> {
  const answer = await ask(question);
  return Array.isArray(answer) ? answer : null;
}

/** Why the trainer refuses such a run, in one line; null where it does not, or cannot tell in advance. */
export async function whyRefused(question: Question): Promise<string | null> {
  const answer = await ask(question);
  return answer && 'refused' in answer ? answer.refused : null;
}

async function ask(question: Question): Promise<Foretold[] | z.infer<typeof Refused> | null> {
  const { task, repo, cwd, sandbox, profileName, samples, settings = {}, experiment, signal } = question;
  const profile = profileOf(task, profileName);
  const plain = [
    ...splitCommand(task.contract.train),
    ...(experiment === undefined ? [] : [experiment]),
    ...['--describe', '--profile', profileName, '--samples', String(samples)],
    ...['--batch', String(profile.batch)],
    ...settingWords({ settings, profileSettings: profile.settings }),
  ];
  const reads = readsOf(task, repo, cwd);
  const { words, readable } = await builtCommand({ repo, sandbox, cwd }, { words: plain, readable: reads });
  const wrapped = sandbox.wrap(words, { cwd, readable });
  const { exit, stdout } = await capture({
    ...wrapped,
    cwd,
    timeoutSeconds: 60,
    until: signal && { signal, reason: 'stopped', graceSeconds: 1 },
  });
  try {
    const answer: unknown = JSON.parse(stdout);
    return exit.code === 0 ? Foretold.parse(answer) : Refused.parse(answer);
  } catch {
    return null;
  }
}

/** The constraints of its profile that a run breaks by its samples and settings: such a run cannot count. */
export async function cannotCount(question: Question & { experiment: string }): Promise<Broken[]> {
  const { task, profileName, samples, experiment } = question;
  const told = (await foretell(question))?.find(({ name }) => name === experiment);
  return brokenConstraints(task, profileName, { samples, ...told?.declares });
}

/** The broken constraints in one line; null where none is broken. */
export const inWords = (broken: readonly Broken[]): string | null =>
  broken.length === 0
    ? null
    : `constraint not met: ${broken.map(({ field, why }) => `${field}: ${why}`).join('; ')}`;

/**
 * The troubles of a profile that no experiment of the workspace can be trained in, or whose constraints none
 * keeps at the full budget.
 */
export async function workspaceTrouble(
  task: Task,
  repo: string,
  sandbox: Sandbox,
  profileName: string,
): Promise<Trouble[]> {
  const { constraints, budgets } = profileOf(task, profileName);
  const samples = budgets.full;
  const answer = await ask({ task, repo, cwd: repo, sandbox, profileName, samples });
  if (answer && 'refused' in answer) {
    const message = `${task.contract.workspace}/ cannot train in this profile: ${answer.refused}`;
    return [{ at: ['profiles', profileName, 'settings'], message }];
  }
  const all = answer ?? [];
  return Object.keys(constraints).flatMap((field) => {
    const told = all.filter(({ declares }) => Object.hasOwn(declares, field));
    const broken = told.flatMap(({ name, declares }) =>
      brokenConstraints(task, profileName, declares).flatMap((b) =>
        b.field === field ? { ...b, name } : [],
      ),
    );
    const [first, ...others] = broken;
    if (!first || broken.length < told.length) return [];
    const { name, why } = first;
    const more = others.length === 0 ? '' : `, and likewise for all ${told.length} experiments`;
    const message = `every full run of ${task.contract.workspace}/ would be refused: ${name}: ${why}${more}; change the constraint or the workspace`;
    return [{ at: ['profiles', profileName, 'constraints', field], message }];
  });
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { violation } from '#contract/condition';
import { UserError } from '#contract/errors';
import { guardsOf, profileOf, type Task } from '#contract/task';
import { capture } from '#host/capture';
import { splitCommand } from '#host/command';
import { serviceEnv } from '#host/env';
import { git } from '#host/git';
import { isPath } from '../ledger/ledger.ts';

/** The names of the numbers that a verdict of the task's judge has. */
const Fields = z.object({
  metrics: z.array(z.string()).min(1),
  observed: z.array(z.string()),
  declared: z.array(z.string()),
});
export type Fields = z.infer<typeof Fields>;

/** What is wrong, and where in TASK.md. */
export interface Trouble {
  at: string[];
  message: string;
}

/**
 * The names in the judge's verdicts, from one line of JSON of `judge --describe --profile P`. Null for a
 * judge that does not know the option: no name can then be checked before a run is judged. `signal` ends it.
 */
export async function judgeFields(
  task: Task,
  repo: string,
  profileName: string,
  signal?: AbortSignal,
): Promise<Fields | null> {
  const { exit, stdout } = await capture({
    argv: [...splitCommand(task.contract.judge), '--describe', '--profile', profileName],
    cwd: repo,
    env: serviceEnv(),
    timeoutSeconds: 60,
    until: signal && { signal, reason: 'stopped', graceSeconds: 0 },
  });
  if (exit.code !== 0) return null;
  try {
    return Fields.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } catch {
    return null;
  }
}

/** Names in the contract that no verdict has, and budgets at which every run would break a constraint. */
export function contractTrouble(task: Task, profileName: string, fields: Fields | null): Trouble[] {
  return [...unknownNames(task, profileName, fields), ...budgetTrouble(task, profileName)];
}

function unknownNames(task: Task, profileName: string, fields: Fields | null): Trouble[] {
  if (!fields) return [];
  const { contract } = task;
  const profile = profileOf(task, profileName);
  const { metrics } = fields;
  const seen = [...fields.observed, ...fields.declared];
  const unknown = (name: string, known: readonly string[], at: string[]): Trouble[] =>
    known.includes(name)
      ? []
      : [{ at, message: `the judge's verdicts have no "${name}"; they have: ${known.join(', ')}` }];
  const place = (name: string) =>
    Object.hasOwn(profile.guards, name) ? ['profiles', profileName, 'guards', name] : ['guards', name];
  return [
    ...unknown(contract.metric, metrics, ['metric']),
    ...contract.also.flatMap((name) => unknown(name, metrics, ['also'])),
    ...contract.gains.flatMap((name) => unknown(name, metrics, ['gains'])),
    ...Object.keys(contract.tooGood).flatMap((name) => unknown(name, metrics, ['tooGood', name])),
    ...Object.keys(guardsOf(task, profile)).flatMap((name) => unknown(name, metrics, place(name))),
    ...Object.keys(profile.constraints).flatMap((name) =>
      unknown(name, seen, ['profiles', profileName, 'constraints', name]),
    ),
  ];
}

/** A constraint that is not met, and how. */
export interface Broken {
  field: string;
  why: string;
}

/** The constraints of a profile that these numbers of a run break. An unknown number breaks none. */
export function brokenConstraints(
  task: Task,
  profileName: string,
  known: Readonly<Record<string, number>>,
): Broken[] {
  return Object.entries(profileOf(task, profileName).constraints).flatMap(([field, condition]) => {
    if (!Object.hasOwn(known, field)) return [];
    // A constraint relative to the best cannot be checked in advance: the best may change.
    const why = violation(condition, known[field], []);
    return why === null ? [] : [{ field, why }];
  });
}

/**
 * The full budget must not break the profile's own constraint on samples, and the budgets must be in order.
 */
function budgetTrouble(task: Task, profileName: string): Trouble[] {
  const { budgets } = profileOf(task, profileName);
  const [broken] = brokenConstraints(task, profileName, { samples: budgets.full });
  const at = (name: string) => ['profiles', profileName, 'budgets', name];
  const order = [
    ...(budgets.screen > budgets.rank ? [{ at: at('screen'), message: 'is larger than rank' }] : []),
    ...(budgets.rank > budgets.full ? [{ at: at('rank'), message: 'is larger than full' }] : []),
  ];
  if (!broken) return order;
  const message = `a full run could not keep the constraint samples: ${broken.why}`;
  return [{ at: at('full'), message }, ...order];
}

/**
 * A world that is a file or a folder of the repository has to exist and be committed: the leaderboard depends
 * on it.
 */
export async function worldTrouble(task: Task, repo: string, profileName: string): Promise<Trouble[]> {
  const { world } = profileOf(task, profileName);
  if (!isPath(world)) return [];
  const at = ['profiles', profileName, 'world'];
  if (!existsSync(join(repo, world))) return [{ at, message: `${world} does not exist` }];
  const tracked = await git(repo, ['ls-files', '--', world]);
  return tracked.trim() === '' ? [{ at, message: `${world} is not committed; add it to git` }] : [];
}

/** @throws UserError, a line for each trouble with its file and line. */
export function refuse(task: Task, troubles: readonly Trouble[]): void {
  if (troubles.length === 0) return;
  const lines = troubles.map(({ at, message }) => {
    const line = task.lineOf?.(at);
    return `${task.path}${line === undefined ? '' : `:${line}`}: ${at.join('.')}: ${message}`;
  });
  throw new UserError([...new Set(lines)].join('\n       '));
}

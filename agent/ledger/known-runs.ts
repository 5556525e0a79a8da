import { UserError } from '#contract/errors';
import type { Sprint, SprintRun } from '#contract/sprint';
import { runDir } from '../common/paths.ts';
import type { KnownRun } from './rows.ts';
import { findRunRecord, readSprintRun, runNames } from './run-folder.ts';
import { timeInSprint, timeNow } from './time-against.ts';

/**
 * All runs that a checkout knows, the oldest first: those of the closed sprints as they were committed, and
 * those of run folders that no such sprint lists: by hand, and of a sprint that is open.
 */
export function knownRuns(repo: string, sprints: readonly Sprint[]): KnownRun[] {
  const committed = sprints.flatMap((sprint) =>
    sprint.runs.map((run) => ({
      ...{ run, profile: sprint.profile, sprint, time: timeInSprint(run, sprint, sprints) },
    })),
  );
  const ids = new Set(committed.map(({ run }) => run.id));
  const folders = runNames(repo).filter((name) => !ids.has(name));
  const others = folders.flatMap((name) => inFolder(repo, name) ?? []);
  const timed = others.map(({ run, profile, sprint }) => {
    const board = sprints.filter((other) => other.profile === profile);
    const beside = others.filter((other) => other.profile === profile).map((other) => other.run);
    return { run, profile, sprint, time: timeNow(run, board, beside) };
  });
  return [...committed, ...timed].sort((a, b) => (a.run.id < b.run.id ? -1 : 1));
}

/** Those of them that belong to no sprint. */
export const runsByHand = (repo: string, sprints: readonly Sprint[]): KnownRun[] =>
  knownRuns(repo, sprints).filter(({ sprint }) => sprint === null);

function inFolder(repo: string, name: string): Omit<KnownRun, 'time'> | null {
  const record = findRunRecord(runDir(repo, name));
  const run = record && readSprintRun(repo, name);
  // A folder that was renamed, or copied beside its run, has the id of another.
  if (!run || record.id !== name) return null;
  const sprint = record.sprint === null ? null : { id: record.sprint, candidate: null, verdict: null };
  return { run, profile: record.profile, sprint };
}

/**
 * The run of that id, or of a folder in `checkpoints/`; else the only one whose id has these words in it.
 * @throws UserError where there is none, or more than one.
 */
export function runNamed<T extends { run: Pick<SprintRun, 'id'> }>(runs: readonly T[], asked: string): T {
  const name = asked.replace(/\/+$/, '').split('/').at(-1) ?? asked;
  const exact = runs.find(({ run }) => run.id === name);
  if (exact) return exact;
  const like = runs.filter(({ run }) => run.id.includes(name));
  const [only] = like;
  if (only && like.length === 1) return only;
  if (like.length === 0) throw new UserError(`no run "${asked}"; npm run runs lists them`);
  const names = like.slice(0, 5).map(({ run }) => run.id);
  throw new UserError(`"${asked}" is in the id of ${like.length} runs: ${names.join(', ')}`);
}

import { isDeepStrictEqual } from 'node:util';
import { UserError } from '#contract/errors';
import type { RunRecord, RunSpec } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { profileOf, type Task } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import type { Sandbox } from '#host/sandbox';
import { runDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import type { Executor, RunHandle } from '../executor/executor.ts';
import { judgeRun, measureSnapshots } from '../executor/judging.ts';
import { noBest } from '../ledger/decide.ts';
import { sameWords } from '../ledger/repeat.ts';
import { findRunRecord, readSprintRun, runNames } from '../ledger/run-folder.ts';
import { atTheEnd } from '../ledger/stages.ts';
import type { SweepRun } from './rows.ts';

/** What all runs of a sweep share. */
export interface SweepPlan extends Pick<RunSpec, 'tree' | 'samples'> {
  repo: string;
  task: Task;
  profileName: string;
  executor: Executor;
  sandbox: Sandbox;
  /** Threads of a trainer; unset: its own choice. */
  threads?: number;
  /**
   * What a run gives: the judge's verdict, or the last snapshot, by which the stages compare. Unset: the
   * verdict.
   */
  measured?: 'verdict' | 'snapshot';
  /** Shows a run until it ends (`watch`). */
  watch(run: RunHandle): Promise<RunRecord>;
  /** Runs work that Ctrl-C ends (`abortable`). */
  abortable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** One run of a sweep. */
export interface Member extends Pick<RunSpec, 'settings' | 'seed'> {
  /** The experiment. */
  name: string;
  /** What it is called on screen; unset: the experiment. */
  label?: string;
  fingerprint: string;
}

/**
 * Trains and judges one run of a sweep. A finished run of the same fingerprint is used as it is; one that was
 * not judged is judged, and one that was cut off goes on. Every failure becomes a status and a reason.
 */
export async function sweepRun(plan: SweepPlan, member: Member): Promise<SweepRun> {
  let run = findRun(plan, member);
  if (!run) {
    try {
      const { id } = await plan.watch(await begin(plan, member));
      run = readSprintRun(plan.repo, id);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return outcome(member, null, 'refused', error.message);
    }
  }
  if (!run) return outcome(member, null, 'failed', 'the run left no record');
  if (run.status !== 'finished') return outcome(member, run, run.status, run.reason);
  try {
    if (plan.measured === 'snapshot')
      return { ...outcome(member, run, 'finished', null), metrics: await lastSnapshot(plan, run) };
    const verdict = run.verdict ?? (await judge(plan, run.id));
    return { ...outcome(member, run, 'finished', null), metrics: verdict.metrics, also: verdict.also };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return outcome(member, run, 'not judged', messageOf(error));
  }
}

/** Starts a run, or the run of this member that was cut off: from what its trainer saved last, else anew. */
async function begin(plan: SweepPlan, member: Member): Promise<RunHandle> {
  const { repo, task, profileName, tree, samples, sandbox, threads, executor } = plan;
  const cutOff = alike(plan, member, byHandAndCutOff).at(-1);
  if (cutOff !== undefined)
    return executor.resume({ repo, task, sandbox, dir: runDir(repo, cutOff), orAnew: true });
  const { name: experiment, settings, seed } = member;
  const spec = { tree, samples, settings, experiment, seed };
  return executor.start({ repo, task, profileName, sandbox, threads, sprint: null, ...spec });
}

const byHandAndCutOff = ({ sprint, status, endedBy }: RunRecord): boolean =>
  sprint === null &&
  (status === 'running' || (status === 'killed' && (endedBy === 'user' || endedBy === 'outside')));

/**
 * The newest finished run of a member. Its verdict counts only if it was measured on as many samples as the
 * profile asks for, or on all that there are.
 */
function findRun(plan: Where, member: Member): SprintRun | null {
  const { repo, task, profileName } = plan;
  const { evaluation } = profileOf(task, profileName);
  const ids = alike(plan, member, ({ status }) => status === 'finished');
  const found = ids.flatMap((id) => readSprintRun(repo, id) ?? []);
  const judged = found.findLast(({ verdict }) => isWhole(verdict, evaluation.verdict));
  if (judged) return judged;
  const newest = found.at(-1);
  return newest ? { ...newest, verdict: null } : null;
}

const isWhole = (verdict: Verdict | null, asked: number): boolean =>
  verdict?.evaluation.samples === asked ||
  (verdict?.evaluation.all === true && verdict.evaluation.samples < asked);

type Where = Pick<SweepPlan, 'repo' | 'task' | 'profileName' | 'tree' | 'samples'>;

/** The finished runs that members of a sweep are made by already: the newest of each. */
export function madeAlready(plan: Where, members: readonly Member[]): Map<Member, string> {
  const records = recordsIn(plan.repo);
  return new Map(
    members.flatMap((member) => {
      const newest = alike(plan, member, ({ status }) => status === 'finished', records).at(-1);
      return newest === undefined ? [] : [[member, newest]];
    }),
  );
}

type Records = readonly { id: string; record: RunRecord }[];

function recordsIn(repo: string): Records {
  return runNames(repo).flatMap((id) => {
    const record = findRunRecord(runDir(repo, id));
    return record ? [{ id, record }] : [];
  });
}

/** The ids of runs of a member in `checkpoints/`, the oldest first. */
function alike(
  plan: Where,
  member: Member,
  wanted: (record: RunRecord) => boolean,
  records: Records = recordsIn(plan.repo),
): string[] {
  const { task, profileName, samples, tree } = plan;
  const { name: experiment, settings, seed, fingerprint } = member;
  const spec = { experiment, settings, seed, samples, tree };
  const { settings: own } = profileOf(task, profileName);
  const same = ({ record }: Records[number]): boolean => {
    if (record.profile !== profileName || record.secretWorld !== undefined || !wanted(record)) return false;
    if (record.samples !== samples || record.seed !== seed || !sameWords(record, spec)) return false;
    // Earlier records have none.
    if ((record.fingerprint ?? fingerprint) !== fingerprint) return false;
    if (!isDeepStrictEqual(record.profileSettings, own)) return false;
    // Code of a night may hide what it loads: only the tree tells that it is the same.
    return record.tree === tree || (record.fingerprint !== undefined && record.sprint === null);
  };
  return records.filter(same).map(({ id }) => id);
}

function judge(plan: SweepPlan, id: string): ReturnType<typeof judgeRun> {
  const { repo, task, sandbox } = plan;
  const request = { task, repo, runDir: runDir(repo, id), sandbox, bound: noBest(task.contract.goal) };
  return plan.abortable((signal) => judgeRun({ ...request, signal }));
}

/** The numbers of the snapshot at the end of a run. @throws UserError where the trainer took none there. */
async function lastSnapshot(plan: SweepPlan, run: SprintRun): Promise<Record<string, number>> {
  const { repo, task, sandbox } = plan;
  const made = atTheEnd(run);
  if (made) return made;
  await plan.abortable((signal) =>
    measureSnapshots({ task, repo, runDir: runDir(repo, run.id), sandbox, signal }),
  );
  const measured = readSprintRun(repo, run.id);
  const metrics = measured && atTheEnd(measured);
  if (!metrics) throw new UserError('the run has no snapshot at its end');
  return metrics;
}

function outcome(
  { name, seed, settings }: Member,
  run: SprintRun | null,
  status: string,
  reason: string | null,
): SweepRun {
  const { id = null, seconds = null, backend = null } = run ?? {};
  return { name, settings, seed, run: id, status, reason, seconds, backend, metrics: {}, also: {} };
}

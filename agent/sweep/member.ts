import { isDeepStrictEqual } from 'node:util';
import { UserError } from '#contract/errors';
import type { RunRecord, RunSpec } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { profileOf, type Task } from '#contract/task';
import type { Sandbox } from '#host/sandbox';
import { runDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import type { Executor, RunHandle } from '../executor/executor.ts';
import { judgeRun, measureSnapshots } from '../executor/judging.ts';
import { sameRun } from '../ledger/repeat.ts';
import { findRunRecord, readSprintRun, runNames } from '../ledger/run-folder.ts';
import { atTheEnd } from '../ledger/stages.ts';
import type { SweepRun } from './summary.ts';

/** What all runs of a sweep share. */
export interface SweepPlan extends Pick<RunSpec, 'tree' | 'samples' | 'settings'> {
  repo: string;
  task: Task;
  profileName: string;
  executor: Executor;
  sandbox: Sandbox;
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

/**
 * Trains and judges one experiment of a sweep at one seed. A complete run of the same tree and arguments is
 * used as it is, whoever made it; one that was not judged is judged. Every failure becomes a status and a
 * reason.
 */
export async function sweepRun(plan: SweepPlan, name: string, seed: number): Promise<SweepRun> {
  let run = findRun(plan, name, seed);
  if (!run) {
    const { repo, task, profileName, tree, samples, settings, sandbox } = plan;
    const asked = { repo, task, profileName, tree, samples, settings, sandbox, experiment: name, seed };
    try {
      const handle = await plan.executor.start({ ...asked, sprint: null });
      const { id } = await plan.watch(handle);
      run = readSprintRun(repo, id);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return outcome(name, seed, null, 'refused', error.message);
    }
  }
  if (!run) return outcome(name, seed, null, 'failed', 'the run left no record');
  if (run.status !== 'finished') return outcome(name, seed, run, run.status, run.reason);
  try {
    if (plan.measured === 'snapshot')
      return { ...outcome(name, seed, run, 'finished', null), metrics: await lastSnapshot(plan, run) };
    const verdict = run.verdict ?? (await judge(plan, run.id));
    return { ...outcome(name, seed, run, 'finished', null), metrics: verdict.metrics, also: verdict.also };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return outcome(name, seed, run, 'not judged', messageOf(error));
  }
}

/**
 * The newest finished run of the same spec. Its verdict counts only if it was measured on as many samples as
 * the profile asks for.
 */
function findRun(plan: SweepPlan, experiment: string, seed: number): SprintRun | null {
  const { repo, task, profileName, samples, settings, tree } = plan;
  const profile = profileOf(task, profileName);
  const { evaluation } = profile;
  const found = runNames(repo).flatMap((id) => {
    const record = findRunRecord(runDir(repo, id));
    if (record?.profile !== profileName || record.status !== 'finished') return [];
    if (!isDeepStrictEqual(record.profileSettings, profile.settings)) return [];
    const same = sameRun(record, { experiment, samples, seed, settings, tree });
    return same ? (readSprintRun(repo, id) ?? []) : [];
  });
  const judged = found.findLast((run) => run.verdict?.evaluation.samples === evaluation.verdict);
  if (judged) return judged;
  const newest = found.at(-1);
  return newest ? { ...newest, verdict: null } : null;
}

function judge(plan: SweepPlan, id: string): ReturnType<typeof judgeRun> {
  const { repo, task, sandbox } = plan;
  return plan.abortable((signal) => judgeRun({ task, repo, runDir: runDir(repo, id), sandbox, signal }));
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
  name: string,
  seed: number,
  run: SprintRun | null,
  status: string,
  reason: string | null,
): SweepRun {
  const { id = null, seconds = null, backend = null } = run ?? {};
  return { name, seed, run: id, status, reason, seconds, backend, metrics: {}, also: {} };
}

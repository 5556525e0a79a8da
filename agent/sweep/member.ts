import { readdirSync } from 'node:fs';
import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { profileOf, type Task } from '#contract/task';
import type { Sandbox } from '#host/sandbox';
import { runDir, runsDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import type { Executor, RunHandle } from '../executor/executor.ts';
import { judgeRun, readRunRecord } from '../executor/judging.ts';
import { apart, setArgs, settingsArgs } from '../executor/settings.ts';
import { sameRun, specOf } from '../ledger/repeat.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import type { SweepRun } from './summary.ts';

/** What all runs of a sweep share. */
export interface SweepPlan {
  repo: string;
  task: Task;
  profileName: string;
  tree: string;
  samples: number;
  set: readonly string[];
  executor: Executor;
  sandbox: Sandbox;
  /** Shows a run until it ends (see watch). */
  watch(run: RunHandle): Promise<RunRecord>;
  /** Does something that Ctrl-C ends (see abortable). */
  abortable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * One experiment of a sweep at one seed, trained and judged. A run of the same tree and arguments that is complete is
 * taken as it is, whoever made it, and one that was not judged is judged. Every bad end is a status and a reason.
 */
export async function sweepRun(plan: SweepPlan, name: string, seed: number): Promise<SweepRun> {
  let run = findRun(plan, name, seed);
  if (!run) {
    const { repo, task, profileName, tree, samples, sandbox } = plan;
    const args = setArgs(plan.set);
    const asked = { repo, task, profileName, tree, samples, sandbox, experiment: name, seed, args };
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
    const verdict = run.verdict ?? (await judge(plan, run.id));
    return { ...outcome(name, seed, run, 'finished', null), metrics: verdict.metrics, also: verdict.also };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return outcome(name, seed, run, 'not judged', messageOf(error));
  }
}

/** The newest finished run that was made from the same; its verdict counts where it was drawn from as many samples. */
function findRun(plan: SweepPlan, experiment: string, seed: number): SprintRun | null {
  const { repo, task, profileName, samples, set, tree } = plan;
  const profile = profileOf(task, profileName);
  const { evaluation } = profile;
  const found = runIds(repo).flatMap((id) => {
    const record = recordOf(runDir(repo, id));
    if (record?.profile !== profileName || record.status !== 'finished') return [];
    if (String(apart(record.args).settings) !== String(settingsArgs(profile))) return [];
    const same = sameRun(specOf(record), { experiment, samples, seed, set, tree });
    return same ? (readSprintRun(repo, id) ?? []) : [];
  });
  const judged = found.findLast((run) => run.verdict?.evaluation.samples === evaluation.verdict);
  if (judged) return judged;
  const newest = found.at(-1);
  return newest ? { ...newest, verdict: null } : null;
}

function recordOf(dir: string): RunRecord | null {
  try {
    return readRunRecord(dir);
  } catch {
    return null;
  }
}

/** Ids begin with the time, so that the newest comes last. */
function runIds(repo: string): string[] {
  try {
    return readdirSync(runsDir(repo)).sort();
  } catch {
    return [];
  }
}

function judge(plan: SweepPlan, id: string): ReturnType<typeof judgeRun> {
  const { repo, task, sandbox } = plan;
  return plan.abortable((signal) => judgeRun({ task, repo, runDir: runDir(repo, id), sandbox, signal }));
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

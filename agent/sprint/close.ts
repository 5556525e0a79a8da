import { existsSync } from 'node:fs';
import { writeFileAtomic, writeJsonAtomic } from '#contract/atomic';
import type { Repeat, Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import type { Sandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { inSprint, sprintDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { SprintState } from '../journal/state.ts';
import { answersTo, hintsIn } from '../ledger/hints.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { isOwn } from '../open-sprint/open-sprint.ts';
import { rememberClosed } from '../open-sprint/own-folder.ts';
import { diffTrees, restoreWorkspace } from '../open-sprint/workspace.ts';
import type { FinishSprintInput } from '../requests/schemas.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Judged } from './judge.ts';
import { logEnd } from './log-end.ts';
import { BY_LOOP, keptBeside, presentTree, toldBeside } from './side-by-side.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  sandbox: Sandbox;
  journal: Journal;
  ledger: Ledger;
}

/** What a sprint is closed with, live or after a crash: its state from the events, and its result. */
export interface Closing {
  state: SprintState;
  judged: Judged;
  finish: FinishSprintInput | null;
  stopReason: string;
  /** The workspace as the researcher left it. */
  treeNow: string;
}

/**
 * Closes a sprint: writes `change.patch`, moves the workspace on or restores it, then writes `sprint.json`
 * last and atomically, so that a sprint is either closed or not.
 */
export async function closeSprint(
  loop: LoopParts,
  { state, judged: given, finish, stopReason, treeNow }: Closing,
): Promise<Sprint> {
  const {
    config: { repo, task },
  } = loop;
  const claim = state.claim;
  if (!claim) throw new Error('a sprint without start_sprint cannot be closed');
  const dir = sprintDir(repo, claim.id);
  if (!finish && !state.finished && !isOwn(state)) logEnd(dir, stopReason);
  const judged = await keptBeside(loop, given, state);
  const back = judged.keep === null ? judged.back : undefined;
  const treeAfter = judged.keep ?? back?.tree ?? (await presentTree(loop, state));
  const change = await diffTrees(repo, state.treeBefore, judged.keep ?? treeNow);
  const patch = inSprint(dir).patch;
  // After a crash the workspace may have been restored already, and the patch written.
  if (change.patch !== '' || !existsSync(patch)) writeFileAtomic(patch, change.patch);
  await restoreWorkspace({ repo, folder: task.contract.workspace, tree: treeAfter });

  const notes = loop.journal.state().notes.filter(({ researcherId }) => researcherId === state.researcherId);
  const best = bestOf(loop.ledger.sprints, loop.config.leaderboard);
  const { cost } = state;
  const hintAnswers = answersTo(state.hints.flatMap(hintsIn), [
    ...(claim.hintAnswers ?? []),
    ...(finish?.hints ?? []),
  ]);
  const draft: Sprint = {
    version: 2,
    id: claim.id,
    number: state.number,
    title: claim.title,
    idea: claim.idea,
    openedAt: state.openedAt,
    closedAt: new Date().toISOString(),
    profile: loop.config.profileName,
    leaderboard: loop.config.leaderboard,
    metric: task.contract.metric,
    goal: task.contract.goal,
    researcher: researcherOf(loop, state),
    sandbox: loop.sandbox.label,
    outcome: judged.outcome,
    reason: judged.reason,
    stopReason,
    candidate: judged.candidate,
    verdict: judged.verdict,
    repeat: judged.repeat && withoutTablesOf(judged.repeat),
    confirmed: judged.confirmed,
    combines: state.combines
      ? { ...state.combines, ...(judged.notMerged !== undefined && { trouble: judged.notMerged }) }
      : undefined,
    handed: state.handed ?? undefined,
    hints: state.hints.length > 0 ? state.hints : undefined,
    hintAnswers: hintAnswers.length > 0 ? hintAnswers : undefined,
    predicted: claim.predicted,
    bestBefore:
      best?.candidate && best.verdict
        ? { sprint: best.id, run: best.candidate, metrics: best.verdict.metrics }
        : null,
    noise: loop.config.profile.noise.full,
    noiseFrom: loop.config.profile.noise.from,
    runs: state.runs.flatMap((id) => readSprintRun(repo, id) ?? []).map(withoutTables),
    unstarted:
      state.waiting.length === 0
        ? undefined
        : state.waiting.map(({ dropped, ...run }) => ({
            ...run,
            reason: dropped ?? `not started: ${stopReason}`,
          })),
    said: state.said.length > 0 ? state.said : undefined,
    notes: notes.length > 0 ? notes : undefined,
    inspections: state.inspections || undefined,
    summary: finish?.summary ?? `Not finished: ${judged.reason}.`,
    next: finish?.next ?? null,
    change: {
      files: change.files,
      insertions: change.insertions,
      deletions: change.deletions,
      kept: judged.keep !== null && judged.keep !== state.treeBefore,
      infrastructure: judged.infrastructure,
      treeBefore: state.treeBefore,
      treeAfter,
      ...(back && { takenBack: back.changes }),
    },
    cost: {
      ...cost,
      trainSeconds: state.trainSeconds,
      wallSeconds: (Date.now() - Date.parse(state.openedAt)) / 1000,
      judgeSeconds: judged.seconds,
      ...(state.confirmSeconds > 0 && { confirmSeconds: state.confirmSeconds }),
    },
  };
  const sprint = toldBeside(loop, draft);
  rememberClosed(repo, sprint);
  writeJsonAtomic(inSprint(dir).record, sprint);
  loop.ledger.add(sprint);
  announceClosed(loop, sprint);
  return sprint;
}

/** Tables are for people, and most of a verdict: a record has those of its candidate, once. */
const withoutTables = <T extends { verdict: Verdict | null }>(run: T): T =>
  run.verdict ? { ...run, verdict: { ...run.verdict, tables: undefined } } : run;

const withoutTablesOf = (repeat: Repeat): Repeat => ({
  ...withoutTables(repeat),
  best: withoutTables(repeat.best),
});

/** Who made the sprint: several models where one took over after a refusal. */
function researcherOf({ connection }: LoopParts, { models, combines }: SprintState): Sprint['researcher'] {
  const { kind, model, label } = connection;
  // What it merges is of the researcher all the same, and so is run in the sandbox.
  if (combines) return { kind, model, label: BY_LOOP };
  if (kind === 'offline') return { kind, model: null, label };
  return { kind, model, models, label: models.length > 1 ? `Claude (${models.join(', ')})` : label };
}

export function announceClosed(loop: LoopParts, sprint: Sprint): void {
  loop.journal.emit({
    type: 'sprint.closed',
    sprint: sprint.id,
    number: sprint.number,
    outcome: sprint.outcome,
    reason: sprint.reason,
    metrics: headline(sprint, loop.config.task),
    usd: sprint.cost.usd,
    seconds: sprint.cost.wallSeconds,
  });
}

/** The verified numbers for events, commits and the screen: the metric and those shown beside it. */
export function headline(sprint: Sprint, { contract }: Task): Record<string, number> {
  const metrics = sprint.verdict?.metrics ?? {};
  const fields = [contract.metric, ...contract.also];
  return Object.fromEntries(fields.flatMap((f) => (metrics[f] === undefined ? [] : [[f, metrics[f]]])));
}

/**
 * The tree of the workspace as it stands. If it cannot be recorded (a file over 1 MB, a nested repository):
 * `treeBefore`, with the reason in `trouble`.
 */
export async function leftWorkspace(
  loop: LoopParts,
  treeBefore: string,
): Promise<{ tree: string; trouble: string | null }> {
  const {
    config: { repo, task },
  } = loop;
  try {
    return { tree: await snapshotTree({ repo, folder: task.contract.workspace }), trouble: null };
  } catch (error) {
    return { tree: treeBefore, trouble: messageOf(error) };
  }
}

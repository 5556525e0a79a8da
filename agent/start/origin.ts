import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '#contract/errors';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { worksOfClaude } from '#host/by-hand';
import { git } from '#host/git';
import { committedTree } from '#host/tree';
import { runDir } from '../common/paths.ts';
import { plain, show } from '../common/words.ts';
import type { LoopOptions } from '../config/config.ts';
import { type BranchPlan, isRunBranch } from '../git/run-branch.ts';
import { allSprints, type BranchSprint } from '../ledger/all-branches.ts';
import { readRunRecord, readSprintRun } from '../ledger/run-folder.ts';

/** The workspace of an earlier night, and what is known of it. */
export interface Origin {
  /** A git tree that holds the workspace alone. */
  tree: string;
  /** What was asked for, in words: `run 2026-... (sprint 3 of run/2026-02-19)`. */
  words: string;
  /** The run that was trained from it, where a run was asked for. */
  run: string | null;
  /** The sprint of the run; for a run branch its present best. */
  sprint: Sprint | null;
  /** The run branch that it comes from; null for a run by hand and for other commits. */
  branch: string | null;
  verdict: Verdict | null;
  /**
   * Who has worked on it, as the trailer `Researcher:` of a commit: what decides whether its code is run
   * without a sandbox. Null where nobody but the user has.
   */
  researcher: string | null;
  /** The commit that the first sprint of its run branch began with; null where there is none. */
  began: string | null;
  /** All workspaces that loops have recorded: to replace one of them loses nothing of the user's. */
  recorded: ReadonlySet<string>;
}

/** The workspace of a new run branch: the user's, the same without what is to be found, or an earlier one. */
export type Start = 'best-known' | 'baseline' | Origin;

/**
 * What a new run branch begins with.
 * @throws UserError where an earlier workspace is asked for and is not there, or no branch would be made.
 */
export async function startOf(
  { repo, start: asked }: LoopOptions,
  task: Task,
  researcher: 'claude' | 'offline',
  { name, resumed }: BranchPlan,
  isTakenUp: boolean,
): Promise<Start> {
  const start = asked ?? (researcher === 'claude' ? 'best-known' : 'baseline');
  if (start === 'best-known') return start;
  if (start === 'baseline') return task.contract.start ? 'baseline' : 'best-known';
  const origin = await originOf(repo, task, start);
  if (isTakenUp)
    throw new UserError(
      `--start ${start}: the loop on ${name} was cut off or has an open sprint, and is continued first; start without --start, and again when it has ended`,
    );
  if (resumed)
    throw new UserError(`--start ${start}: ${name} would be continued; add --new to begin a run branch`);
  return origin;
}

/**
 * The workspace of a run (its id, or its folder), of a run branch or of any commit.
 * @throws UserError where there is none, or where this repository does not have its tree.
 */
export async function originOf(repo: string, task: Task, asked: string): Promise<Origin> {
  const id = basename(asked);
  const { sprints } = await allSprints(repo);
  const recorded = new Set(sprints.flatMap(({ sprint }) => treesOf(sprint)));
  const of = sprints.find(({ sprint }) => sprint.runs.some((run) => run.id === id));
  const beganOn = (branch: string | null) => {
    const first = sprints.filter((one) => one.branch === branch).sort(byNumber)[0];
    return first ? `${first.commit}^` : null;
  };
  if (of) return { ...(await ofSprint(repo, task, of, id)), began: beganOn(of.branch), recorded };
  if (existsSync(runDir(repo, id))) return { ...(await byHand(repo, id)), began: null, recorded };
  const { workspace } = task.contract;
  const commit = await git(repo, ['rev-parse', '--verify', '--quiet', `${asked}^{commit}`]).catch(() => '');
  if (commit === '')
    throw new UserError(
      `${asked}: is no run, run branch or commit of this checkout ("npm run leaderboard" shows them)`,
    );
  const tree = await committedTree({ repo, commit, folder: workspace }).catch(() => {
    throw new UserError(`${asked}: has no ${workspace}/`);
  });
  const best = sprints.findLast(({ sprint, branch }) => branch === asked && sprint.outcome === 'new-best');
  const words = `${asked} (${commit.slice(0, 9)})`;
  const sprint = best?.sprint ?? null;
  return {
    tree,
    words,
    run: null,
    sprint,
    branch: isRunBranch(asked.replace(/^[^/]+\/(?=run\/)/, '')) ? asked : null,
    verdict: sprint?.verdict ?? null,
    researcher: await researcherOf(repo, commit, sprint),
    began: beganOn(asked),
    recorded,
  };
}

const treesOf = ({ runs, change }: Sprint): string[] => [
  ...runs.map(({ tree }) => tree),
  ...[change.treeBefore, change.treeAfter],
];

const byNumber = (a: BranchSprint, b: BranchSprint) => a.sprint.number - b.sprint.number;

type Found = Omit<Origin, 'recorded' | 'began'>;

/** Claude, where any commit up to this one is a sprint of Claude's: later sprints have that work in them. */
async function researcherOf(repo: string, commit: string, sprint: Sprint | null): Promise<string | null> {
  const { kind, label, models = [] } = sprint?.researcher ?? { kind: null, label: null };
  if (kind === 'claude') return models.length > 0 ? `claude (${models.map(plain).join(', ')})` : 'claude';
  const grep = ['-1', '--format=%h', '--grep=^Researcher: claude'];
  return (await git(repo, ['log', ...grep, commit])) === '' ? label && plain(label) : 'claude';
}

/** A run of a sprint. In a clone the tree of the best run is the workspace of the sprint's commit. */
async function ofSprint(repo: string, task: Task, of: BranchSprint, id: string): Promise<Found> {
  const { sprint, branch, commit } = of;
  const run = sprint.runs.find((one) => one.id === id) as Sprint['runs'][number];
  const verdict = sprint.verdict?.run === id ? sprint.verdict : run.verdict;
  const words = `run ${id} (sprint ${sprint.number} of ${branch})`;
  const folder = task.contract.workspace;
  const { tree } = run;
  if (!(await isHere(repo, tree)) && (await committedTree({ repo, commit, folder })) !== tree)
    throw new UserError(
      `${id} was trained from the tree ${tree}, which is not in this repository; use the checkout in which it was trained`,
    );
  const researcher = await researcherOf(repo, commit, sprint);
  return { tree, words, run: id, sprint, branch, verdict, researcher };
}

async function byHand(repo: string, id: string): Promise<Found> {
  const { tree } = readRunRecord(runDir(repo, id));
  if (!(await isHere(repo, tree)))
    throw new UserError(`${id} was trained from the tree ${tree}, which is not in this repository any more`);
  const verdict = readSprintRun(repo, id)?.verdict ?? null;
  const researcher = (await worksOfClaude(repo)) === null ? null : 'claude';
  return { tree, words: `run ${id} (by hand)`, run: id, sprint: null, branch: null, verdict, researcher };
}

const isHere = (repo: string, tree: string): Promise<boolean> =>
  git(repo, ['cat-file', '-e', `${tree}^{tree}`]).then(
    () => true,
    () => false,
  );

/** The first numbers of its verdict: `mse 0.31, r2 0.88`; empty where there is none. */
export const numbersIn = ({ verdict }: Pick<Origin, 'verdict'>, { contract }: Task): string =>
  [...new Set([contract.metric, ...contract.also])]
    .flatMap((name) => {
      const value = verdict?.metrics[name];
      return value === undefined ? [] : [`${plain(name)} ${show(value)}`];
    })
    .slice(0, 4)
    .join(', ');

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { names } from '#host/git';
import { Queue } from '../common/queue.ts';
import { ASIS, restoreOthers } from './git.ts';
import { patiently } from './git-open.ts';

/** The worktree of one researcher, and git there. */
export interface LaneTree {
  repo: string;
  git: SimpleGit;
}

/**
 * The run branch that several researchers commit to, each from a worktree of its own. The worktree of the
 * first is on the branch; the others are detached at its tip, since git has a branch in one worktree only.
 * Whoever changes it takes it alone. Verdicts are given in turn and may take hours, so they do not: others
 * begin sprints meanwhile.
 */
export class Trunk {
  readonly #changes = new Queue();
  readonly #verdicts = new Queue();
  readonly #lanes: LaneTree[];

  constructor(
    readonly branch: string,
    first: LaneTree,
  ) {
    this.#lanes = [first];
  }

  /** Whether more than one researcher commits. */
  get several(): boolean {
    return this.#lanes.length > 1;
  }

  add(lane: LaneTree): void {
    this.#lanes.push(lane);
  }

  /** Does something while nobody else changes the branch. It must not be called within such a task. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    return this.#changes.run(task);
  }

  /**
   * Judges a sprint, up to its commit, while no other one is judged: each is held against the best of its
   * time, and commits are in the order of the verdicts. It may take the branch alone; within a task that has
   * it alone, it must not be called.
   */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.#verdicts.run(task);
  }

  async tip(): Promise<string> {
    const [first] = this.#lanes as [LaneTree];
    return (await first.git.revparse([`refs/heads/${this.branch}`])).trim();
  }

  /**
   * Moves the branch on to what was committed in a worktree, and the other worktrees with it: their HEAD,
   * index and closed sprints. Their workspaces stay: a researcher works there.
   */
  async land(from: SimpleGit): Promise<void> {
    const commit = (await from.revparse(['HEAD'])).trim();
    const tip = await this.tip();
    if (commit !== tip) {
      // Nothing was committed there that the branch has not got.
      if ((await from.raw(['merge-base', tip, commit])).trim() !== tip) return;
      await patiently(() => from.raw(['update-ref', `refs/heads/${this.branch}`, commit, tip]));
    }
    for (const lane of this.#lanes) if (lane.git !== from) await this.#follow(lane, commit);
  }

  /**
   * Completes what a crash cut off while the worktree that is on the branch was moved on. Returns whether its
   * workspace is still the one from before: its files are those of the index, and the branch has others.
   */
  async catchUp(first: LaneTree, workspace: string): Promise<boolean> {
    const { git } = first;
    await git.raw(['update-index', '-q', '--refresh']).catch(() => '');
    const [edited, moved] = await Promise.all([
      git.raw([...ASIS, 'diff-files', '--name-only', '--', workspace]),
      git.raw([...ASIS, 'diff-index', '--cached', '--name-only', 'HEAD', '--', workspace]),
    ]);
    await this.#follow(first, await this.tip());
    return edited.trim() === '' && moved.trim() !== '';
  }

  /** Lays the files of the branch into a worktree where nobody works, except for its workspace. */
  async lay(lane: LaneTree, workspace: string): Promise<void> {
    await this.#follow(lane, await this.tip());
    await restoreOthers(lane.git, [workspace]);
  }

  /** HEAD is moved last: where this is cut off before, it is done again. */
  async #follow({ git, repo }: LaneTree, commit: string): Promise<void> {
    await patiently(() => git.raw(['read-tree', commit]));
    await git.raw(['update-index', '-q', '--refresh']).catch(() => '');
    const closed = names(
      await git.raw([...ASIS, 'ls-tree', '-r', '-z', '--name-only', commit, '--', 'sprints']),
    );
    const missing = closed.filter((name) => !lstatSync(join(repo, name), { throwIfNoEntry: false }));
    const lay = ['restore', '--quiet', '--source', commit, '--worktree', '--', ...missing];
    if (missing.length > 0) await patiently(() => git.raw([...ASIS, ...lay]));
    const isDetached = (await git.raw(['branch', '--show-current'])).trim() === '';
    if (isDetached) await patiently(() => git.raw(['update-ref', '--no-deref', 'HEAD', commit]));
  }
}

import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { UserError } from '#contract/errors';
import { worktreeOf } from '#host/worktree';
import { bestKnown } from './git.ts';
import { configured } from './git-open.ts';
import { worktreeEntry } from './worktree-entry.ts';

export interface RunBranch {
  name: string;
  /** False where the branch is newly made. */
  resumed: boolean;
  /** The user's branch, or the commit, that it began from. */
  from: string;
}

/** The run branch that a loop will take, and the commit where a new one begins. */
export interface BranchPlan extends RunBranch {
  origin: string;
}

/** The loop's worktree on its run branch. */
export interface Checkout {
  git: SimpleGit;
  branch: RunBranch;
  /** The commit whose workspace the run branch began with; empty until the branch has its start. */
  bestKnown: string;
}

/** The previous loop in this checkout: its branch, and whether it has to be resumed. */
export interface LoopBefore {
  branch: string | undefined;
  unfinished: boolean;
}

/** The names of run branches; a user's branch such as `run/idea` is none. */
const IS_RUN = /^run\/\d{4}-\d\d-\d\d(-\d+)?$/;
export const isRunBranch = (name: string): boolean => IS_RUN.test(name);

/**
 * Plans which branch a loop of this checkout takes: that of the loop to resume, a run branch that is checked
 * out, the last one that began from the user's branch, or `run/<date>`, from the user's commit. `fresh`
 * makes a new one (`-2`, `-3`, ...). Changes nothing.
 * @throws UserError, with a command that helps, where the branch is checked out outside of the loop's
 * worktree, or where it is gone and a sprint is open on it.
 */
export async function planRunBranch(
  git: SimpleGit,
  home: string,
  { date, fresh = false, before }: { date: string; fresh?: boolean; before?: LoopBefore },
): Promise<BranchPlan> {
  const current = (await git.raw(['branch', '--show-current'])).trim();
  const head = (await git.revparse(['HEAD'])).trim();
  const branches = await runBranches(git, home);
  const standing = isRunBranch(current) ? current : undefined;
  const startOf = (name: string) => configured(git, `branch.${name}.loop-from`);
  const here = standing === undefined ? current : ((await startOf(standing)) ?? standing);

  const last = before?.branch;
  const unfinished = before?.unfinished ? last : undefined;
  const again = async () =>
    last !== undefined && branches.get(last) === null && (await startOf(last)) === here ? last : undefined;
  // A branch that began from a detached HEAD has only the commit as its origin.
  const isFromHere = (from: string | null) =>
    from === null || from === here || (here === '' && /^[0-9a-f]{9}$/.test(from));
  const today = async () => (isFromHere(await startOf(`run/${date}`)) ? `run/${date}` : undefined);
  const wanted = unfinished ?? standing ?? (await again()) ?? (await today());
  if (wanted !== undefined && (!fresh || unfinished)) {
    const place = branches.get(wanted);
    if (place && (wanted === unfinished || wanted === standing))
      throw new UserError(takenBy(wanted, place, home, (await startOf(wanted)) ?? null));
    if (place === null)
      return {
        name: wanted,
        resumed: true,
        from: (await startOf(wanted)) ?? (here || head.slice(0, 9)),
        origin: '',
      };
  }
  if (unfinished !== undefined) throw new UserError(await gone(git, home, unfinished));
  const taken = (name: string) => [...branches.keys()].some((n) => n === name || n.startsWith(`${name}/`));
  let name = `run/${date}`;
  for (let n = 2; taken(name); n++) name = `run/${date}-${n}`;
  // A fresh branch begins where the current run branch began, not at its end, so that it has none of its
  // sprints.
  const origin = standing === undefined ? head : ((await commitOfRef(git, `refs/heads/${here}`)) ?? head);
  return { name, resumed: false, from: here || origin.slice(0, 9), origin };
}

/**
 * The advice to restore a deleted branch. The worktree may still have its last commit; otherwise the stored
 * start is used.
 */
async function gone(git: SimpleGit, home: string, branch: string): Promise<string> {
  const entry = await worktreeEntry(git, home);
  const tip = entry && (await commitOfRef(git, `worktrees/${basename(entry.folder)}/HEAD`));
  const commit = tip ?? (await bestKnown(git, branch)) ?? 'HEAD';
  return `${branch}, the branch of the loop that was cut off, does not exist any more; create it again, then start again: git branch ${branch} ${commit.slice(0, 9)}`;
}

function takenBy(branch: string, place: string, home: string, from: string | null): string {
  return place === home
    ? `${branch} is checked out here, but the loop needs it in its own worktree; run: git switch ${from ?? '--detach'}, then start again`
    : `${branch}: the loop's branch is checked out in ${place}; start the loop there, or switch that checkout to another branch`;
}

/**
 * The branches below `run/`, each with the checkout outside of the loop's worktree that has it checked out;
 * null where there is none. Full ref names are used, since a tag may have the same name.
 */
async function runBranches(git: SimpleGit, home: string): Promise<Map<string, string | null>> {
  const format = '--format=%(refname:lstrip=2)%00%(worktreepath)';
  const rows = (await git.raw(['for-each-ref', format, 'refs/heads/run/'])).split('\n');
  const root = realpathSync(home);
  const own = [worktreeOf(root), (await worktreeEntry(git, root))?.place];
  return new Map(
    rows
      .filter((row) => row !== '')
      .map((row) => {
        const [name, place] = row.split('\0') as [string, string];
        return [name, place === '' || own.includes(place) ? null : place];
      }),
  );
}

async function commitOfRef(git: SimpleGit, ref: string): Promise<string | null> {
  const commit = await git.raw(['rev-parse', '--verify', '--quiet', ref]).catch(() => '');
  return commit.trim() || null;
}

import type { SimpleGit } from 'simple-git';
import { UserError } from '#contract/errors';
import { complaintOf } from '#host/git';
import { messageOf } from '../common/words.ts';
import { configured, patiently } from './git-open.ts';

export interface RunBranch {
  name: string;
  /** False where the branch was made now. */
  resumed: boolean;
  /** How the user gets back to where they were: "git switch main". */
  wayBack: string;
}

/** The run branch, and how it is reached. */
export interface Checkout {
  git: SimpleGit;
  branch: RunBranch;
  /** The commit whose workspace the run branch began with; empty until the branch has its start. */
  bestKnown: string;
}

/** A branch of the loop's: a `run/idea` of the user's is none. */
const IS_RUN = /^run\/\d{4}-\d\d-\d\d(-\d+)?$/;

/**
 * Moves the checkout to the branch of this run: the one that stands, `preferred`, or `run/<date>`, made from HEAD where there is
 * none; `fresh` makes another (`-2`, `-3`, ...). The user's branch stays as it is and is remembered for the way back.
 * @throws UserError where git cannot switch, with the cause: uncommitted changes, another worktree.
 */
export async function takeRunBranch(
  git: SimpleGit,
  { date, fresh = false, preferred }: { date: string; fresh?: boolean; preferred?: string },
): Promise<RunBranch> {
  const current = (await git.raw(['branch', '--show-current'])).trim();
  const existing = await runBranches(git);
  const elsewhere = (name: string) => (name === current ? '' : existing.get(name));
  const standing = IS_RUN.test(current) ? current : undefined;
  if (!fresh) {
    const place = preferred && elsewhere(preferred);
    if (place)
      throw new UserError(
        `${preferred}: the branch of the loop that was cut off is checked out in ${place}; start the loop there, or switch that checkout to another branch`,
      );
    const name = [preferred, standing, `run/${date}`].find(
      (n) => n !== undefined && existing.has(n) && !elsewhere(n),
    );
    if (name !== undefined) {
      if (name !== current) await switchTo(git, [name]);
      return { name, resumed: true, wayBack: await wayBack(git, name) };
    }
  }
  const taken = (name: string) => [...existing.keys()].some((n) => n === name || n.startsWith(`${name}/`));
  let name = `run/${date}`;
  for (let n = 2; taken(name); n++) name = `run/${date}-${n}`;
  const from = standing ? ((await configured(git, `branch.${standing}.loop-from`)) ?? standing) : current;
  const back = from === '' ? `--detach ${(await git.revparse(['--short', 'HEAD'])).trim()}` : from;
  // A fresh branch begins where the standing one began, not at the end of it: without its sprints, with its files.
  const origin = standing ? await commitOfBranch(git, back) : '';
  await switchTo(git, ['--no-track', '-c', name, ...(origin === '' ? [] : [origin])]);
  await patiently(() => git.raw(['config', '--local', `branch.${name}.loop-from`, back]));
  return { name, resumed: false, wayBack: await wayBack(git, name) };
}

/** Branches below `run/`, and the other checkout where each is at work, if there is one. By whole names: a tag may be called the same. */
async function runBranches(git: SimpleGit): Promise<Map<string, string>> {
  const format = '--format=%(refname:lstrip=2)%00%(worktreepath)';
  const rows = (await git.raw(['for-each-ref', format, 'refs/heads/run/'])).split('\n');
  return new Map(rows.filter((row) => row !== '').map((row) => row.split('\0') as [string, string]));
}

async function commitOfBranch(git: SimpleGit, back: string): Promise<string> {
  const ref = back.startsWith('--detach ') ? back.slice('--detach '.length) : `refs/heads/${back}`;
  return (await git.raw(['rev-parse', '--verify', '--quiet', ref]).catch(() => '')).trim();
}

const wayBack = async (git: SimpleGit, name: string) =>
  `git switch ${(await configured(git, `branch.${name}.loop-from`)) ?? '-'}`;

async function switchTo(git: SimpleGit, args: string[]): Promise<void> {
  const words = ['switch', '--quiet', '--no-recurse-submodules', ...args];
  await patiently(() => git.raw(words)).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    throw new UserError(`git switch ${args.at(-1)} was refused: ${whyRefused(messageOf(error))}`);
  });
}

/** Git's complaint in one line, the first file that it names, and the advice that fits. */
function whyRefused(message: string): string {
  const complaint = complaintOf(message).replace(/^(fatal|error): /, '');
  const file = /^\t(.+)$/m.exec(message)?.[1];
  const what = file ? `${complaint.replace(/:$/, '')} (${file})` : complaint;
  if (/untracked working tree files/.test(complaint)) return `${what}; move the file away first`;
  if (/would be overwritten|resolve your current index/.test(complaint))
    return `${what}; commit or undo your changes first`;
  return what;
}

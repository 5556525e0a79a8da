import { existsSync, lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import { joinCommand } from '#host/command';
import { GitError, git, names, OWN_IGNORES } from '#host/git';
import { homeOf, worktreeOf } from '#host/worktree';
import { committed, inSprint, stateDir } from '../common/paths.ts';

/** The parts of a contract that the loop's names in git come from. */
export interface Recorded {
  workspace: string;
  profiles: readonly string[];
}

/**
 * Refuses a checkout in which the loop would stop in mid-night, or record less than it says.
 * @throws UserError that names the file, the pattern or the name that is in the way, and what to do.
 */
export async function refuseGitTrouble(repo: string, { workspace, profiles }: Recorded): Promise<void> {
  refusePlace(repo);
  await refuseUnfinished(repo);
  await refuseNames(repo, profiles);
  await refuseIgnored(repo, workspace);
  await refuseUserIgnored(repo, workspace);
}

/** The loop's worktree and the checkout around it find each other by their paths. */
function refusePlace(repo: string): void {
  if (homeOf(repo) !== repo)
    throw new UserError(
      `${repo}: is the worktree of a loop; start the loop in the checkout that holds it: cd ${joinCommand([homeOf(repo)])}`,
    );
  const link = [stateDir(repo), worktreeOf(repo)].find((path) =>
    lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink(),
  );
  if (link)
    throw new UserError(
      `${link}: is a link, but the loop's worktree must be inside the checkout; replace the link by a folder (checkpoints/ may be a link)`,
    );
}

const UNFINISHED = [
  { file: 'MERGE_HEAD', what: 'a merge', undo: 'git merge --abort' },
  { file: 'rebase-merge', what: 'a rebase', undo: 'git rebase --abort' },
  { file: 'rebase-apply', what: 'a rebase or "git am"', undo: 'git rebase --abort, or git am --abort' },
  { file: 'CHERRY_PICK_HEAD', what: 'a cherry-pick', undo: 'git cherry-pick --abort' },
  { file: 'REVERT_HEAD', what: 'a revert', undo: 'git revert --abort' },
  { file: 'BISECT_LOG', what: 'a bisection', undo: 'git bisect reset' },
];

/** During these operations git neither switches branches nor commits single files. */
export async function refuseUnfinished(repo: string): Promise<void> {
  const folder = resolve(repo, await git(repo, ['rev-parse', '--git-dir']));
  const found = UNFINISHED.find(({ file }) => existsSync(join(folder, file)));
  if (found)
    throw new UserError(
      `${repo}: ${found.what} is under way; finish it or undo it (${found.undo}), then start again`,
    );
}

/** Git stores a reference as a file: where a branch `run` exists, `run/2026-02-19` cannot. */
async function refuseNames(repo: string, profiles: readonly string[]): Promise<void> {
  const below = profiles.map((profile) => `refs/tags/best/${profile}/`);
  const refs = ['refs/heads/run', 'refs/tags/best', ...below];
  const found = (await git(repo, ['for-each-ref', '--format=%(refname)', ...refs])).split('\n');
  for (const ref of found) {
    const name = ref.replace(/^refs\/(heads|tags)\//, '');
    if (ref === 'refs/heads/run')
      throw new UserError(
        'a branch called "run" prevents branches run/<date>, which the loop makes; rename it: git branch -m run my-run',
      );
    if (ref === 'refs/tags/best' || below.some((prefix) => ref.startsWith(prefix)))
      throw new UserError(
        `a tag called "${name}" prevents tags best/<profile>, which the loop makes; rename it: git tag my-best ${name} && git tag -d ${name}`,
      );
  }
}

/**
 * The repository's own ignore rules apply. They must not match what the loop writes, or hide new files beside
 * tracked ones.
 */
async function refuseIgnored(repo: string, workspace: string): Promise<void> {
  const sprint = Object.values(inSprint(committed.sprint('1')));
  const written = [...sprint, committed.contract('1'), join(workspace, 'x')];
  const list = ['ls-files', '-z', '--cached', '--ignored', OWN_IGNORES, '--', workspace];
  const tracked = names(await git(repo, list));
  const rule = (await rules(repo, [...written, ...tracked], ['--no-index'])).find(({ own }) => own);
  if (!rule) return;
  const { source, line, pattern, file } = rule;
  throw new UserError(
    tracked.includes(file)
      ? `${source}:${line}: the pattern ${pattern} ignores ${file}, which is tracked: new files beside it would not be recorded; begin the pattern with a slash, or remove it`
      : `${source}:${line}: the pattern ${pattern} ignores what the loop records (such as ${file}); remove it`,
  );
}

/**
 * The user's own ignore files do not apply in the workspace, which is recorded whole. Files that they keep
 * out of git now may be private, so the user has to decide about them.
 */
async function refuseUserIgnored(repo: string, workspace: string): Promise<void> {
  const unknown = names(await git(repo, ['ls-files', '-z', '--others', OWN_IGNORES, '--', workspace]));
  const [rule] = await rules(repo, unknown, []);
  if (!rule) return;
  const { source, line, pattern, file } = rule;
  throw new UserError(
    `${file}: not in git, because ${source}:${line} ignores ${pattern}; the loop commits all of ${workspace}/ and so this file too: move it away, commit it, or name it in .gitignore`,
  );
}

interface Rule {
  source: string;
  line: string;
  pattern: string;
  file: string;
  /** From a `.gitignore` in the repository, not from the user's own files. */
  own: boolean;
}

/** The rules by which git ignores these files, without negated patterns. */
async function rules(repo: string, files: readonly string[], how: string[]): Promise<Rule[]> {
  if (files.length === 0) return [];
  const check = ['check-ignore', '-z', '--verbose', ...how, '--stdin'];
  // check-ignore does not work with literal pathspecs.
  const env = { GIT_LITERAL_PATHSPECS: '0' };
  const output = await git(repo, check, env, `${files.join('\0')}\0`).catch((error: unknown) => {
    // Exit code 1: no file is ignored.
    if (error instanceof GitError && error.gitExit === 1) return '';
    throw error;
  });
  const fields = output.split('\0');
  const found: Rule[] = [];
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [source = '', line = '', pattern = '', file = ''] = fields.slice(at, at + 4);
    const own = source === '.gitignore' || source.endsWith('/.gitignore');
    if (!pattern.startsWith('!'))
      found.push({ source, line, pattern, file, own: own && !source.startsWith('/') });
  }
  return found;
}

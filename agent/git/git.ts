import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { plain } from '#contract/text';
import { AS_THEY_ARE, names, OWN_IGNORES } from '#host/git';
import { configured, patiently } from './git-open.ts';

export { openGit } from './git-open.ts';

/**
 * Files that may be dirty at a start or a commit: those that steer the loop, the user's papers, derived ones,
 * and those that recovery handles.
 */
const FREE = [/^TASK\.md$/, /^HINTS\.md$/, /^STOP$/, /^papers\//, /^reports\//, /^sprints\//];

/**
 * Lists uncommitted files. `workspace`: those that the loop would record. `others`: those elsewhere that
 * must not exist when a loop starts, as the user's own git sees them, with the user's ignore files and line
 * ends.
 */
export async function dirtyFiles(
  git: SimpleGit,
  workspace: string,
): Promise<{ workspace: string[]; others: string[] }> {
  const inside = (file: string) => file === workspace || file.startsWith(`${workspace}/`);
  const ours = await changedFiles(git, ASIS, ['--', workspace]);
  const all = await changedFiles(git, [], []);
  return {
    workspace: [...new Set([...ours, ...(await unknownFiles(git, [workspace]))])],
    others: all.filter((file) => !inside(file) && !FREE.some((pattern) => pattern.test(file))),
  };
}

/**
 * The files of a folder that are not as the last commit has them, by the user's own git: their line ends, and
 * the files that they left out.
 */
export async function uncommittedFiles(git: SimpleGit, folder: string): Promise<string[]> {
  const changed = await changedFiles(git, [], ['--', folder]);
  return [...new Set([...changed, ...(await unknownFiles(git, [folder]))])];
}

async function changedFiles(git: SimpleGit, settings: string[], paths: string[]): Promise<string[]> {
  // Without --ignore-submodules git would also run in a nested repository, with the configuration there.
  const how = ['--porcelain=v1', '-z', '--no-renames', '--untracked-files=all', '--ignore-submodules=all'];
  const entries = names(await git.raw([...settings, 'status', ...how, ...paths]));
  return entries.map((entry) => entry.slice(3));
}

/** Settings under which files are committed and checked out byte for byte. */
export const ASIS = AS_THEY_ARE.flatMap((setting) => ['-c', setting]);

/** Untracked files below these paths, without those that the repository's own `.gitignore` names. */
const unknownFiles = async (git: SimpleGit, paths: readonly string[]): Promise<string[]> =>
  names(await git.raw(['ls-files', '-z', '--others', OWN_IGNORES, '--', ...paths]));

/**
 * Commits everything under these paths, byte for byte, and nothing else that is staged. Files in the
 * repository's own `.gitignore` are left out; the user's other ignore files are not used. `anew` reads files
 * again that git considers unchanged because of other settings. Returns the commit's hash.
 */
export async function commitPaths(
  git: SimpleGit,
  paths: readonly string[],
  subject: string,
  body = '',
  trailers: Record<string, string> = {},
  { anew = false } = {},
): Promise<string> {
  const lines = Object.entries(trailers).map(([key, value]) => `${key}: ${plain(value)}`);
  const message = [plain(subject), body.trim(), lines.join('\n')].filter((part) => part !== '').join('\n\n');
  const below = (files: readonly string[]) =>
    paths.filter((path) => files.some((file) => file === path || file.startsWith(`${path}/`)));
  const known = below(names(await git.raw(['ls-files', '-z', '--cached', '--', ...paths])));
  if (known.length > 0) await patiently(() => git.raw([...ASIS, 'add', '--update', '--', ...known]));
  if (anew && known.length > 0)
    await patiently(() => git.raw([...ASIS, 'add', '--renormalize', '--', ...known]));
  // The name of a nested repository ends in a slash: git would store only a pointer to its commit.
  const unknown = (await unknownFiles(git, paths)).filter((file) => !file.endsWith('/'));
  if (unknown.length > 0) await addAll(git, unknown);
  const there = new Set([...known, ...below(unknown)]);
  const how = ['--quiet', '--no-verify', '--allow-empty', '--cleanup=whitespace', '--only'];
  const commit = ['commit', ...how, '--message', message, '--', ...there];
  await patiently(() => git.raw([...ASIS, ...commit]));
  return (await git.revparse(['HEAD'])).trim();
}

/**
 * Adds files from a list of exact names: a command line may be too short for them, and the user's git may
 * ignore them.
 */
async function addAll(git: SimpleGit, files: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'names-'));
  try {
    const list = join(folder, 'names');
    writeFileSync(list, files.join('\0'));
    const add = ['add', '--force', `--pathspec-from-file=${list}`, '--pathspec-file-nul'];
    await patiently(() => git.raw([...ASIS, ...add]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Restores a file from the last commit. */
export const checkoutFile = (git: SimpleGit, file: string): Promise<string> =>
  git.raw([...ASIS, 'checkout', '--quiet', 'HEAD', '--', file]);

/**
 * Those of these files that differ from the last commit or are not in it, without files that the
 * repository's own `.gitignore` names.
 */
export const changedAmong = async (git: SimpleGit, files: readonly string[]): Promise<string[]> =>
  changedFiles(git, ASIS, ['--', ...files]);

/** Restores tracked files outside of these paths from the last commit. Returns their names. */
export async function restoreOthers(git: SimpleGit, paths: readonly string[]): Promise<string[]> {
  await git.raw(['update-index', '-q', '--refresh']).catch(() => '');
  const changed = names(await git.raw([...ASIS, 'diff-index', '--name-only', '-z', 'HEAD']));
  const inside = (file: string) => paths.some((path) => file === path || file.startsWith(`${path}/`));
  const others = changed.filter((file) => !inside(file));
  if (others.length > 0)
    await patiently(() => git.raw([...ASIS, 'checkout', '--quiet', 'HEAD', '--', ...others]));
  return others;
}

/**
 * Commits a tree on the current branch and updates the files that differ, overwriting an untracked file that
 * is in the way. Other files keep their uncommitted edits.
 */
export async function commitTree(git: SimpleGit, tree: string, message: string): Promise<string> {
  const before = (await git.revparse(['HEAD'])).trim();
  const commit = (await git.raw(['commit-tree', tree, '-p', before, '-m', message])).trim();
  await patiently(() => git.raw(['update-ref', 'HEAD', commit, before]));
  const differ = names(
    await git.raw(['diff-tree', '-r', '-z', '--name-only', '--no-renames', before, commit]),
  );
  const lay = ['restore', '--quiet', '--source', commit, '--staged', '--worktree', '--', ...differ];
  if (differ.length > 0) await patiently(() => git.raw([...ASIS, ...lay]));
  return commit;
}

/** The last commit that changed a file; null where none has it. */
export async function commitOf(git: SimpleGit, file: string): Promise<string | null> {
  return (await git.raw(['log', '-1', '--format=%H', '--', file])).trim() || null;
}

/** Moves the lightweight tag `best/<profile>` to a commit. */
export async function tagBest(git: SimpleGit, profile: string, commit: string): Promise<void> {
  await patiently(() => git.raw(['tag', '--force', `best/${profile}`, commit]));
}

/** Removes the tag `best/<profile>`: the only best was taken back. */
export async function untagBest(git: SimpleGit, profile: string): Promise<void> {
  const name = `refs/tags/best/${profile}`;
  await patiently(() => git.raw(['update-ref', '-d', name]));
}

const bestKnownRef = (branch: string) => `refs/loop/best-known/${branch.replace(/^run\//, '')}`;

/** Stores the present commit: the workspace of the run branch before anything was removed from it. */
export async function rememberBestKnown(git: SimpleGit, branch: string): Promise<void> {
  await patiently(() => git.raw(['update-ref', bestKnownRef(branch), 'HEAD']));
}

/** Deletes what is stored of an earlier branch of the same name, for a branch that is made new. */
export async function forgetStart(git: SimpleGit, branch: string): Promise<void> {
  await patiently(() => git.raw(['update-ref', '-d', bestKnownRef(branch)]));
  if (await isPrepared(git, branch))
    await patiently(() => git.raw(['config', '--local', '--unset-all', `branch.${branch}.loop-settled`]));
}

/** The commit that rememberBestKnown has stored; null where the branch has none yet. */
export async function bestKnown(git: SimpleGit, branch: string): Promise<string | null> {
  const commit = await git.raw(['rev-parse', '--verify', '--quiet', bestKnownRef(branch)]).catch(() => '');
  return commit.trim() || null;
}

/** Whether a run branch has its start: the workspace as it was, and the baseline where one was asked for. */
export async function isPrepared(git: SimpleGit, branch: string): Promise<boolean> {
  return (await configured(git, `branch.${branch}.loop-settled`)) === 'true';
}

export async function markPrepared(git: SimpleGit, branch: string): Promise<void> {
  await patiently(() => git.raw(['config', '--local', `branch.${branch}.loop-settled`, 'true']));
}

import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git, names, OWN_IGNORES } from '#host/git';
import { takeOut } from '#host/take-out';

/**
 * Files that could make git leave files out, change their content on the way in or out, take the folder for
 * another repository, or run what another configuration names.
 */
export const STEERS_GIT = ['.git', '.gitignore', '.gitattributes', '.gitmodules'];

/**
 * Restores the workspace to a tree: the tree's files, and no others. Files that the tree's own `.gitignore`
 * ignores stay. Neither the user's index nor anything outside of the folder is touched.
 */
export async function restoreWorkspace(from: { repo: string; folder: string; tree: string }): Promise<void> {
  const { repo, folder, tree } = from;
  const place = join(repo, folder);
  // A link at this place would make us write elsewhere.
  if (!lstatSync(place, { throwIfNoEntry: false })?.isDirectory()) rmSync(place, { force: true });
  mkdirSync(place, { recursive: true });
  // Files that steer git would apply to the tree's files until the tree's own are restored.
  takeOut(place, ({ name, kind }) => STEERS_GIT.includes(name) || kind === 'other');
  const scratch = mkdtempSync(join(tmpdir(), 'index-'));
  try {
    const index = { GIT_INDEX_FILE: join(scratch, 'index') };
    await git(repo, ['read-tree', `${tree}^{tree}`], index);
    await git(repo, ['checkout-index', '--all', '--force'], index);
    const list = ['ls-files', '-z', '--others', OWN_IGNORES, '--', folder];
    for (const file of names(await git(repo, list, index))) {
      rmSync(join(repo, file), { recursive: true, force: true });
      removeEmptyFolders(repo, dirname(file), folder);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function removeEmptyFolders(repo: string, from: string, folder: string): void {
  for (let at = from; at !== folder && at !== '.'; at = dirname(at)) {
    try {
      if (readdirSync(join(repo, at)).length > 0) return;
      rmdirSync(join(repo, at));
    } catch {
      return; // Already gone, or a link.
    }
  }
}

export interface Change {
  files: string[];
  insertions: number;
  deletions: number;
  /** A patch for `git apply`, binary files included. */
  patch: string;
}

/** What changed from one tree of the workspace to another. */
export async function diffTrees(repo: string, from: string, to: string): Promise<Change> {
  if (from === to) return { files: [], insertions: 0, deletions: 0, patch: '' };
  // Plumbing commands, because the user's settings for diffs (noprefix, context, order) do not apply to them.
  const plain = ['--no-color', '--no-ext-diff', '--no-textconv', '--no-renames', from, to];
  const rows = (await git(repo, ['diff-tree', '-r', '--numstat', '-z', ...plain]))
    .split('\0')
    .filter((row) => row !== '');
  const counts = rows.map((row) => row.split('\t'));
  const files = counts.flatMap(([, , path]) => path ?? []);
  // A binary file has "-" for both numbers.
  const sum = (column: number) => counts.reduce((n, row) => n + (Number(row[column]) || 0), 0);
  const patch = await git(repo, ['diff-tree', '-r', '--patch', '--binary', ...plain]);
  return { files, insertions: sum(0), deletions: sum(1), patch: `${patch}\n` };
}

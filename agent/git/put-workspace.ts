import type { SimpleGit } from 'simple-git';
import { committedTree, treeWith } from '#host/tree';
import { commitTree } from './git.ts';
import { mergeTrees } from './merge-trees.ts';

/** What it takes to put a workspace on the branch that is checked out. */
export interface Put {
  repo: string;
  folder: string;
  /** A tree that holds the workspace alone. */
  tree: string;
  /** The run branch that the tree comes from; null: it is put there as it is. */
  branch: string | null;
  /** Workspaces that are not the user's own: where the present one is one of them, nothing is lost. */
  known: ReadonlySet<string>;
  /** Gives the message of the commit; `merged`: whether changes of this branch are in it too. */
  message(merged: boolean): string;
}

/**
 * `commit`: made. `same`: it is there already. `conflict`: both changed these files; none where git cannot
 * tell.
 */
export type Putting =
  | { kind: 'commit'; commit: string; merged: boolean }
  | { kind: 'same' }
  | { kind: 'conflict'; files: string[] };

/**
 * Commits a workspace on the branch that is checked out. Where that branch has changed its own since the run
 * branch began, the changes of both are merged. Other files, staged ones too, stay as they are.
 */
export async function putWorkspace(git: SimpleGit, put: Put): Promise<Putting> {
  const { repo, folder, tree, branch, known } = put;
  const ours = await committedTree({ repo, commit: 'HEAD', folder });
  if (ours === tree) return { kind: 'same' };
  const base = branch === null ? null : await baseOf(git, put);
  const alone = branch === null || ours === base || known.has(ours);
  const merged = alone ? { tree } : await mergeTrees(git, { base, ours, theirs: tree });
  if ('files' in merged) return { kind: 'conflict', files: merged.files };
  if (merged.tree === ours) return { kind: 'same' };
  const whole = await treeWith({ repo, commit: 'HEAD', paths: [folder], of: merged.tree });
  return { kind: 'commit', commit: await commitTree(git, whole, put.message(!alone)), merged: !alone };
}

/** The workspace where the two branches parted; null where they share no commit, or it had none. */
async function baseOf(git: SimpleGit, { repo, folder, branch }: Put): Promise<string | null> {
  const commit = (await git.raw(['merge-base', 'HEAD', branch as string]).catch(() => '')).trim();
  return commit === '' ? null : committedTree({ repo, commit, folder }).catch(() => null);
}

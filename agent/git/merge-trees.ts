import type { SimpleGit } from 'simple-git';

/**
 * Merges two trees that came from a third, without a checkout. Where both changed the same lines, `files`
 * names where; it is empty where git cannot merge them: there is no such tree, or git is older than 2.38. Git
 * merges commits, so the trees are given one each.
 */
export async function mergeTrees(
  git: SimpleGit,
  trees: { base: string | null; ours: string; theirs: string },
): Promise<{ tree: string } | { files: string[] }> {
  if (trees.base === null) return { files: [] };
  const commit = async (tree: string, ...parents: string[]) =>
    (await git.raw(['commit-tree', tree, ...parents.flatMap((p) => ['-p', p]), '-m', 'Merge'])).trim();
  const sides: string[] = [];
  try {
    const base = await commit(trees.base);
    sides.push(await commit(trees.ours, base), await commit(trees.theirs, base));
  } catch {
    return { files: [] };
  }
  const how = ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z'];
  // With a conflict it exits with 1 and names the files after the tree.
  const output = await git.raw([...how, ...sides]).catch(() => '');
  const [tree = '', ...files] = output.split('\0').filter((part) => part.trim() !== '');
  return tree !== '' && files.length === 0 ? { tree } : { files };
}

import type { Task } from '#contract/task';
import { git } from '#host/git';
import { treeWith } from '#host/tree';
import type { Origin } from './origin.ts';

/** A workspace without these files, as the night has it. */
export const withoutFiles = async (
  repo: string,
  tree: string,
  { began }: Pick<Origin, 'began'>,
  files: readonly string[],
): Promise<string> =>
  began === null || files.length === 0 ? tree : treeWith({ repo, commit: tree, paths: files, of: began });

/**
 * The workspace of a night, for the branch that is checked out. A night that began with the baselines only
 * has none of the files that were removed for it (`start.baseline` of TASK.md). Nobody decided against them:
 * those that it has not made again stay as they are on the branch.
 */
export async function withBaselineFiles(
  repo: string,
  { contract: { start } }: Task,
  { tree, began }: Pick<Origin, 'tree' | 'began'>,
): Promise<{ tree: string; kept: string[] }> {
  if (began === null) return { tree, kept: [] };
  const has = (of: string, path: string) =>
    git(repo, ['cat-file', '-e', `${of}:${path}`]).then(
      () => true,
      () => false,
    );
  const kept: string[] = [];
  for (const path of start?.baseline.remove ?? [])
    if ((await has('HEAD', path)) && !(await has(tree, path)) && !(await has(began, path))) kept.push(path);
  if (kept.length === 0) return { tree, kept };
  return { tree: await treeWith({ repo, commit: tree, paths: kept, of: 'HEAD' }), kept };
}

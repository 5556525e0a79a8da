import type { SimpleGit } from 'simple-git';
import { openGit } from './git-open.ts';

/** The commit of a sprint, and the branch that it is on, where that is known. */
interface SprintCommit {
  hash: string;
  branch: string | null;
}

/**
 * The commits that added the records of sprints, by sprint, as the present commit knows them. `asked`: their
 * branch; null: the one that is checked out.
 */
export async function sprintCommits(
  git: SimpleGit,
  asked: string | null,
): Promise<Map<string, SprintCommit>> {
  const branch = asked ?? ((await git.raw(['branch', '--show-current'])).trim() || null);
  const how = ['-z', '--format=commit %H', '--name-only', '--diff-filter=A', '--no-renames'];
  const log = await git.raw(['log', ...how, '--', 'sprints']);
  const commits = new Map<string, SprintCommit>();
  let hash = '';
  // The newest commit comes first, and the one that added a record is the oldest.
  for (const line of log.split(/[\0\n]/)) {
    hash = /^commit (\w+)$/.exec(line)?.[1] ?? hash;
    const [, sprint] = /^sprints\/([^/]+)\/sprint\.json$/.exec(line) ?? [];
    if (sprint !== undefined) commits.set(sprint, { hash, branch });
  }
  return commits;
}

/** The same for a folder that may be no repository: then there are none. */
export async function sprintCommitsIn(
  folder: string,
  branch: string | null,
): Promise<Map<string, SprintCommit>> {
  try {
    return await sprintCommits(await openGit(folder), branch);
  } catch {
    return new Map();
  }
}

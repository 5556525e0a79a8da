import type { SimpleGit } from 'simple-git';
import { openGit } from './git-open.ts';

/** The commits that added the records of sprints, by sprint, as the present commit knows them. */
export async function sprintCommits(git: SimpleGit): Promise<Map<string, string>> {
  const how = ['-z', '--format=commit %H', '--name-only', '--diff-filter=A', '--no-renames'];
  const log = await git.raw(['log', ...how, '--', 'sprints']);
  const commits = new Map<string, string>();
  let commit = '';
  // The newest commit comes first, and the one that added a record is the oldest.
  for (const line of log.split(/[\0\n]/)) {
    commit = /^commit (\w+)$/.exec(line)?.[1] ?? commit;
    const [, sprint] = /^sprints\/([^/]+)\/sprint\.json$/.exec(line) ?? [];
    if (sprint !== undefined) commits.set(sprint, commit);
  }
  return commits;
}

/** The same for a folder that may be no repository: then there are none. */
export async function sprintCommitsIn(folder: string): Promise<Map<string, string>> {
  try {
    return await sprintCommits(await openGit(folder));
  } catch {
    return new Map();
  }
}

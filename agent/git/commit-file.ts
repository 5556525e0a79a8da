import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git as plumbing } from '#host/git';
import { openGit } from './git-open.ts';

/** A file to commit: its path in the repository, its content, and the message of the commit. */
interface File {
  path: string;
  content: string;
  subject: string;
  body: string;
}

/**
 * Commits one file to a branch that is checked out nowhere, through an index of its own: no checkout changes.
 * Returns the commit's hash.
 */
export async function commitFile(
  repo: string,
  branch: string,
  { path, content, subject, body }: File,
): Promise<string> {
  const git = await openGit(repo);
  const folder = mkdtempSync(join(tmpdir(), 'index-'));
  try {
    const file = join(folder, 'content');
    writeFileSync(file, content);
    const ref = `refs/heads/${branch}`;
    const before = (await git.revparse([ref])).trim();
    const blob = (await git.raw(['hash-object', '-w', '--no-filters', file])).trim();
    const own = { GIT_INDEX_FILE: join(folder, 'index') };
    await plumbing(repo, ['read-tree', before], own);
    await plumbing(repo, ['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], own);
    const tree = await plumbing(repo, ['write-tree'], own);
    const message = `${subject}\n\n${body}\n`;
    const commit = (await git.raw(['commit-tree', tree, '-p', before, '-m', message])).trim();
    await git.raw(['update-ref', ref, commit, before]);
    return commit;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

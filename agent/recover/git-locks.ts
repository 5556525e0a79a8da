import { existsSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { git } from '#host/git';
import { processesIn } from '#host/processes';
import { laneDirs } from '../common/paths.ts';

const GIT_ENDS_MS = 10_000;
/** A younger lock may belong to a program that is at work: an editor, another worktree. */
const STALE_MS = 5000;

/**
 * Waits for a git process that a killed loop left at work, so that its commit is seen. Then removes the stale
 * locks of a git that never ended (a power cut): of the index, of references, of the configuration. Returns
 * the line for the log; null where nothing was removed.
 */
export async function releaseGit(repo: string): Promise<string | null> {
  const inWorktrees = await Promise.all(laneDirs(repo).map((folder) => gitFolders(folder).catch(() => [])));
  const places = [...new Set([...(await gitFolders(repo)), ...inWorktrees.flat()])].filter((place) =>
    existsSync(place),
  );
  const atWork = () => processesIn(realpathSync(repo), 'git').length > 0;
  let locks = locksIn(places);
  for (let waited = 0; waited < GIT_ENDS_MS && locks.length > 0; waited += 50) {
    if (!atWork() && locks.every(isStale)) break;
    await sleep(50);
    locks = locksIn(places);
  }
  const left = atWork() ? [] : locks.filter(isStale);
  for (const lock of left) rmSync(lock, { force: true });
  return left.length > 0 ? `removed ${left.join(', ')}, the lock of a git process that was killed` : null;
}

async function gitFolders(checkout: string): Promise<string[]> {
  if (!existsSync(checkout)) return [];
  const folders = await git(checkout, ['rev-parse', '--git-dir', '--git-common-dir']);
  return folders.split('\n').map((folder) => resolve(checkout, folder));
}

function locksIn(places: readonly string[]): string[] {
  return places.flatMap((place) => {
    const refs = join(place, 'refs');
    const below = existsSync(refs) ? readdirSync(refs, { recursive: true, encoding: 'utf8' }) : [];
    const names = [...readdirSync(place), ...below.map((name) => join('refs', name))];
    return names.filter((name) => name.endsWith('.lock')).map((name) => join(place, name));
  });
}

function isStale(lock: string): boolean {
  const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  return since !== undefined && Date.now() - since > STALE_MS;
}

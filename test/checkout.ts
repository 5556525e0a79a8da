import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');

export const gitIn = (repo: string, ...args: string[]) =>
  execFileSync('git', args, { cwd: repo, encoding: 'utf8' });

/** Commits all that lies in a repository. */
export function commitAll(repo: string, message = 'As it stands'): void {
  gitIn(repo, 'add', '-A');
  gitIn(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', message);
}

/** A copy of this checkout's files, with its packages linked, as a repository without a commit. */
export function copiedCheckout(): string {
  const repo = realpathSync(mkdtempSync(join(tmpdir(), 'checkout-')));
  const files = gitIn(root, 'ls-files', '-z', '-co', '--exclude-standard').split('\0');
  for (const file of files.filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(repo, file)), { recursive: true });
    cpSync(join(root, file), join(repo, file));
  }
  symlinkSync(join(root, 'node_modules'), join(repo, 'node_modules'));
  gitIn(repo, 'init', '-q', '-b', 'main');
  return repo;
}

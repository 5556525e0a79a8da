import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

// Tests see neither the identity nor the settings of the person who runs them.
process.env.HOME = realpathSync(mkdtempSync(join(tmpdir(), 'loop-home-')));
delete process.env.XDG_CONFIG_HOME;

export const emptyFolder = () => realpathSync(mkdtempSync(join(tmpdir(), 'loop-test-')));

/** Runs git in a test repository and gives its output. */
export function git(repo: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: repo, encoding: 'utf8' }).trim();
}

/** A real repository in a temporary folder with these files committed on `main`, and no identity configured. */
export function newRepo(files: Record<string, string>): string {
  const repo = emptyFolder();
  git(repo, 'init', '-q', '-b', 'main');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repo, path)), { recursive: true });
    writeFileSync(join(repo, path), text);
  }
  git(repo, 'add', '-A');
  git(repo, '-c', 'user.name=Test', '-c', 'user.email=test@example.org', 'commit', '-qm', 'Start');
  return repo;
}

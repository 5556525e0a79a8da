import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { git, newRepo } from '../fixtures/repo.ts';
import { refuseGitTrouble } from './git-trouble.ts';

let repo: string;
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(repo, path)), { recursive: true });
  writeFileSync(join(repo, path), text);
};
const as = ['-c', 'user.name=T', '-c', 'user.email=t@example.org'];
const check = () => refuseGitTrouble(repo, { workspace: 'work', profiles: ['tiny', '16k'] });

beforeEach(() => {
  process.env.HOME = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
  repo = newRepo({ 'work/a.txt': 'a\n', 'work/parts/b.txt': 'b\n', '.gitignore': '*.log\nstate/\n' });
});

it('finds nothing in a plain checkout, with names and rules that are in nobody’s way', async () => {
  for (const name of ['running', 'best/tiny', 'my/run']) git(repo, 'branch', name);
  for (const name of ['run', 'best/tiny', 'best/other/old']) git(repo, 'tag', name);
  put('work/notes.log', 'ignored by the repository');
  put('.git/info/exclude', 'sprints/\nreports/\nparts/\n');
  await check();
});

it.each([
  [
    'branch',
    ['branch', 'run'],
    'a branch called "run" prevents branches run/<date>',
    'git branch -m run my-run',
  ],
  [
    'tag',
    ['tag', 'best'],
    'a tag called "best" prevents tags best/<profile>',
    'git tag my-best best && git tag -d best',
  ],
  [
    'tag below',
    ['tag', 'best/tiny/old'],
    'a tag called "best/tiny/old" prevents tags',
    'git tag -d best/tiny/old',
  ],
])('refuses a %s whose name collides, also a packed one', async (_, make, complaint, advice) => {
  git(repo, ...make);
  for (const pack of [[], ['pack-refs', '--all']]) {
    if (pack.length > 0) git(repo, ...pack);
    await expect(check()).rejects.toThrow(complaint);
    await expect(check()).rejects.toThrow(advice);
  }
});

it('refuses to start in the loop’s own worktree, and where a link leads the worktree out of the checkout', async () => {
  const own = { workspace: 'work', profiles: [] };
  await expect(refuseGitTrouble(worktreeOf(repo), own)).rejects.toThrow(`that holds it: cd ${repo}`);
  symlinkSync(realpathSync(tmpdir()), join(repo, 'state'));
  await expect(check()).rejects.toThrow(`${join(repo, 'state')}: is a link`);
});

/** Two branches with a merge conflict. */
function conflict(): void {
  git(repo, 'switch', '-q', '-c', 'other');
  put('work/a.txt', 'theirs\n');
  git(repo, ...as, 'commit', '-qam', 'Theirs');
  git(repo, 'switch', '-q', 'main');
  put('work/a.txt', 'ours\n');
  git(repo, ...as, 'commit', '-qam', 'Ours');
}
it.each([
  ['a merge', ['merge', 'other'], 'git merge --abort'],
  ['a rebase', ['rebase', 'other'], 'git rebase --abort'],
  ['a rebase or "git am"', ['rebase', '--apply', 'other'], 'git rebase --abort'],
  ['a cherry-pick', ['cherry-pick', 'other'], 'git cherry-pick --abort'],
  ['a revert', ['revert', '--no-edit', 'main~1'], 'git revert --abort'],
])('refuses a checkout in the middle of %s, a linked worktree too', async (what, action, undo) => {
  conflict();
  const main = repo;
  repo = join(repo, 'state/linked');
  git(main, 'worktree', 'add', '-q', '--detach', repo, 'main');
  put('work/a.txt', 'again\n');
  git(repo, ...as, 'commit', '-qam', 'Again');
  git(main, 'reset', '-q', '--hard', git(repo, 'rev-parse', 'HEAD'));
  expect(() => execFileSync('git', [...as, ...action], { cwd: repo, stdio: 'ignore' })).toThrow();
  await expect(check()).rejects.toThrow(`${what} is under way`);
  await expect(check()).rejects.toThrow(undo);
  repo = main;
  await check();
});

it.each([
  [
    'sprints/',
    '.gitignore:3: the pattern sprints/ ignores what the loop records (such as sprints/1/README.md)',
  ],
  [
    '*.patch',
    '.gitignore:3: the pattern *.patch ignores what the loop records (such as sprints/1/change.patch)',
  ],
  ['/work', '.gitignore:3: the pattern /work ignores what the loop records (such as work/x)'],
  ['parts/', '.gitignore:3: the pattern parts/ ignores work/parts/b.txt, which is tracked'],
])('refuses a rule of the repository that names what is recorded: %s', async (pattern, complaint) => {
  appendFileSync(join(repo, '.gitignore'), `${pattern}\n`);
  await expect(check()).rejects.toThrow(complaint);
});

it('refuses a file of the workspace that only the user’s own rules keep out of git', async () => {
  const home = process.env.HOME as string;
  mkdirSync(join(home, '.config/git'), { recursive: true });
  writeFileSync(join(home, '.config/git/ignore'), '# mine\n.env\n');
  put('work/.env', 'KEY=secret');
  await expect(check()).rejects.toThrow(
    `work/.env: not in git, because ${home}/.config/git/ignore:2 ignores .env; the loop commits all of work/`,
  );
  appendFileSync(join(repo, '.gitignore'), '.env\n');
  await check();
  put('.git/info/exclude', 'draft-*\n');
  put('work/draft-1', '');
  await expect(check()).rejects.toThrow('because .git/info/exclude:1 ignores draft-*');
});

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { snapshotTree } from '#host/tree';
import { git, newRepo } from '../fixtures/repo.ts';
import { takeRunBranch } from '../fixtures/run-branch.ts';
import { commitPaths, dirtyFiles } from '../git/git.ts';
import { diffTrees, restoreWorkspace } from '../open-sprint/workspace.ts';

/** A program that records that it ran; git names a file as its last argument or passes one as input. */
let spy: string;
let ran: string;
let repo: string;
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(repo, path)), { recursive: true });
  writeFileSync(join(repo, path), text);
};

beforeEach(() => {
  delete process.env.XDG_CONFIG_HOME;
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
  ran = join(home, 'ran');
  spy = join(home, 'spy');
  writeFileSync(spy, `#!/bin/sh\necho "$0 $@" >> ${ran}\nexec cat\n`);
  chmodSync(spy, 0o755);
  process.env.HOME = home;
  repo = newRepo({ 'work/a.txt': 'a\n', 'work/b.txt': 'b\n', '.gitignore': 'node_modules/\n' });
});

/** All git operations of the supervisor in a sprint; the researcher's action comes first. */
async function sprintOfGit(deed: () => void = () => {}): Promise<void> {
  const { folder, git: g } = await takeRunBranch(repo);
  repo = folder;
  deed();
  const before = await snapshotTree({ repo, folder: 'work' });
  put('work/a.txt', 'changed\n');
  const after = await snapshotTree({ repo, folder: 'work' });
  await diffTrees(repo, before, after);
  await restoreWorkspace({ repo, folder: 'work', tree: before });
  await restoreWorkspace({ repo, folder: 'work', tree: after });
  put('work/b.txt', 'changed\n');
  await commitPaths(g, ['work', 'sprints/one'], 'Sprint 1');
  // A stale index makes git read the files.
  put('work/a.txt', 'changed\n');
  await dirtyFiles(g, 'work');
}

it('runs no filter, diff or textconv that an attribute asks for, and stores what is there', async () => {
  const config = ['filter.evil.clean', 'filter.evil.smudge', 'diff.evil.textconv'];
  for (const key of config) git(repo, 'config', '--global', key, spy);
  // The other place where a user's git configuration may be.
  process.env.XDG_CONFIG_HOME = join(dirname(spy), 'elsewhere');
  mkdirSync(join(process.env.XDG_CONFIG_HOME, 'git'), { recursive: true });
  const other = join(process.env.XDG_CONFIG_HOME, 'git', 'config');
  git(repo, 'config', '--file', other, 'filter.worse.process', spy);
  git(repo, 'config', '--file', other, 'filter.worse.required', 'true');
  git(repo, 'config', '--global', 'diff.evil.command', spy);
  await sprintOfGit(() => put('work/.gitattributes', '*.txt filter=evil diff=evil\nb.txt filter=worse\n'));
  expect(existsSync(ran)).toBe(false);
  expect(git(repo, 'cat-file', '-p', 'HEAD:work/a.txt')).toBe('changed');
  // The user's own git runs the program, which shows that the spy works.
  git(repo, 'cat-file', '--textconv', 'HEAD:work/a.txt');
  expect(readFileSync(ran, 'utf8')).toContain(spy);
});

it('runs no hook and no file-system monitor', async () => {
  for (const hook of ['pre-commit', 'post-commit', 'commit-msg', 'post-checkout', 'reference-transaction']) {
    put(`.git/hooks/${hook}`, `#!/bin/sh\necho ${hook} >> ${ran}\n`);
    chmodSync(join(repo, '.git/hooks', hook), 0o755);
  }
  git(repo, 'config', 'core.fsmonitor', spy);
  await sprintOfGit();
  expect(existsSync(ran)).toBe(false);
});

it('does not look into a nested repository by the configuration that lies there', async () => {
  await sprintOfGit(nestedSprint);
  expect(existsSync(ran)).toBe(false);
});

function nestedSprint(): void {
  mkdirSync(join(repo, 'sprints/one/nested'), { recursive: true });
  const nested = join(repo, 'sprints/one/nested');
  git(nested, 'init', '-q');
  put('sprints/one/nested/x', 'x');
  put('sprints/one/nested/.gitattributes', '* filter=evil\n');
  git(nested, 'add', '-A');
  git(nested, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'x');
  git(nested, 'config', 'core.fsmonitor', spy);
  git(nested, 'config', 'filter.evil.clean', spy);
  put('sprints/one/nested/x', 'changed');
}

it.each([
  ['a nested repository', () => git(join(repo, 'work'), 'init', '-q', 'nested'), /another repository/],
  ['one that looks like a package', nestedPackage, /another repository/],
  ['a file over 1 MB', () => put('work/large.bin', 'x'.repeat(1_000_001)), /1.0 MB/],
  ['a link to the judge', () => symlinkSync('../bench', join(repo, 'work/bench')), /leads out of work/],
  ['a link to anywhere', () => symlinkSync('/etc/passwd', join(repo, 'work/users')), /leads out of work/],
])('refuses %s in the workspace, and puts the workspace back', async (_, leave, complaint) => {
  const before = await snapshotTree({ repo, folder: 'work' });
  leave();
  await expect(snapshotTree({ repo, folder: 'work' })).rejects.toThrow(complaint);
  await restoreWorkspace({ repo, folder: 'work', tree: before });
  expect(await snapshotTree({ repo, folder: 'work' })).toBe(before);
});

function nestedPackage(): void {
  const nested = join(repo, 'work/node_modules/nested');
  put('work/.gitignore', '!node_modules\n');
  mkdirSync(nested, { recursive: true });
  git(nested, 'init', '-q');
  put('work/node_modules/nested/x', 'x');
}

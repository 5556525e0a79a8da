import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinCommand } from '#host/command';
import { worktreeOf } from '#host/worktree';
import { emptyFolder, git, newRepo } from '../fixtures/repo.ts';
import { takeRunBranch } from '../fixtures/run-branch.ts';
import { commitOf, commitPaths, openGit } from './git.ts';
import { isOwnIdentity, patiently } from './git-open.ts';

let repo: string;
const before = { ...process.env };
beforeEach(() => {
  process.env.HOME = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
  repo = newRepo({ 'work/a.txt': 'a\n' });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});
const author = () => git(repo, 'log', '-1', '--format=%an <%ae>, %cn <%ce>');
const commit = async () => {
  const g = await openGit(repo);
  writeFileSync(join(repo, 'work/a.txt'), String(Math.random()));
  await commitPaths(g, ['work'], 'Change');
  return g;
};
const LOOP = 'Research loop <loop@localhost>';

describe('who commits', () => {
  it.each([
    ['nobody', {}],
    ['a name without an address', { 'user.name': 'Ada' }],
    ['what git refuses', { 'user.name': '<>', 'user.email': 'ada@example.org' }],
  ])('the loop itself where %s is set', async (_, settings) => {
    for (const [key, value] of Object.entries(settings)) git(repo, 'config', '--global', key, value);
    expect(await isOwnIdentity(await commit())).toBe(true);
    expect(author()).toBe(`${LOOP}, ${LOOP}`);
  });

  it('the loop itself where the environment has an empty name', async () => {
    Object.assign(process.env, { GIT_AUTHOR_NAME: '', GIT_AUTHOR_EMAIL: 'ada@example.org' });
    await commit();
    expect(author()).toBe(`${LOOP}, ${LOOP}`);
  });

  it('the user, as the environment names them', async () => {
    const [name, email] = ['Ada', 'ada@example.org'];
    for (const who of ['AUTHOR', 'COMMITTER'])
      Object.assign(process.env, { [`GIT_${who}_NAME`]: name, [`GIT_${who}_EMAIL`]: email });
    expect(await isOwnIdentity(await commit())).toBe(false);
    expect(author()).toBe('Ada <ada@example.org>, Ada <ada@example.org>');
  });

  it('the user, as the configuration in the environment names them', async () => {
    Object.assign(process.env, {
      GIT_CONFIG_COUNT: '4',
      GIT_CONFIG_KEY_2: 'credential.helper',
      GIT_CONFIG_VALUE_2: 'store',
      GIT_CONFIG_KEY_3: 'core.sshCommand',
      GIT_CONFIG_VALUE_3: 'ssh -v',
      GIT_CONFIG_KEY_0: 'user.name',
      GIT_CONFIG_VALUE_0: 'Ada',
    });
    Object.assign(process.env, { GIT_CONFIG_KEY_1: 'user.email', GIT_CONFIG_VALUE_1: 'ada@example.org' });
    await commit();
    expect(author()).toContain('Ada <ada@example.org>');
  });
});

describe.skipIf(process.getuid?.() !== 0)('a checkout of somebody else’s', () => {
  beforeEach(() => {
    execFileSync('chown', ['-R', '12345', repo]);
  });

  it('is refused with the cause and the command', async () => {
    const advice = joinCommand(['git', 'config', '--global', '--add', 'safe.directory', repo]);
    await expect(openGit(repo)).rejects.toThrow(
      `${repo}: belongs to another user, and git refuses to work there; run: ${advice}`,
    );
    execFileSync('sh', ['-c', advice]);
    await openGit(repo);
  });

  it.each(['GIT_CONFIG_COUNT', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_PARAMETERS'])(
    'is worked in where %s says that it is safe',
    async (how) => {
      const file = join(emptyFolder(), 'config');
      writeFileSync(file, `[safe]\n\tdirectory = ${repo}\n`);
      const count = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: repo };
      const ways = {
        GIT_CONFIG_COUNT: count,
        GIT_CONFIG_GLOBAL: { GIT_CONFIG_GLOBAL: file },
        GIT_CONFIG_PARAMETERS: { GIT_CONFIG_PARAMETERS: `'safe.directory'='${repo}'` },
      };
      Object.assign(process.env, ways[how as keyof typeof ways]);
      await commit();
      await takeRunBranch(repo);
    },
  );

  it.each(['no home', 'a home that is closed to it'])(
    'an account without a name, and %s, works in its own checkout and commits as the loop',
    (what) => {
      const modules = ['git.ts', '../start/git-trouble.ts', '../fixtures/run-branch.ts'].map((name) =>
        JSON.stringify(pathToFileURL(join(import.meta.dirname, name)).href),
      );
      const program = `
      import { commitPaths } from ${modules[0]};
      import { refuseGitTrouble } from ${modules[1]};
      import { takeRunBranch } from ${modules[2]};
      import { writeFileSync } from 'node:fs';
      await refuseGitTrouble(process.cwd(), { workspace: 'work', profiles: ['tiny'] });
      const { folder, git } = await takeRunBranch(process.cwd());
      writeFileSync(folder + '/work/new.txt', 'new');
      await commitPaths(git, ['work'], 'Change');`;
      const home = realpathSync(mkdtempSync(join(tmpdir(), 'closed-')));
      mkdirSync(join(home, '.config/git'), { recursive: true });
      const env = { PATH: process.env.PATH, ...(what !== 'no home' && { HOME: home }) };
      const run = spawnSync(
        process.execPath,
        ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program],
        { cwd: repo, uid: 12345, gid: 12345, env, encoding: 'utf8' },
      );
      expect(run.stderr).toBe('');
      const log = spawnSync('git', ['log', '-1', '--format=%an <%ae>'], {
        cwd: worktreeOf(repo),
        uid: 12345,
        env: { PATH: process.env.PATH },
        encoding: 'utf8',
      });
      expect(log.stdout.trim()).toBe(LOOP);
    },
  );
});

it('a linked worktree, a submodule and a shallow clone are checkouts like any', async () => {
  const folder = emptyFolder();
  const origin = newRepo({ 'work/a.txt': 'a\n' });
  git(
    origin,
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@example.org',
    'commit',
    '--allow-empty',
    '-qm',
    'More',
  );
  git(repo, 'worktree', 'add', '-q', '-b', 'side', join(folder, 'linked'));
  git(folder, 'clone', '-q', '--depth=1', `file://${origin}`, 'shallow');
  git(repo, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin, 'sub');
  for (const place of [join(folder, 'linked'), join(folder, 'shallow'), join(repo, 'sub')]) {
    const { folder, git: g } = await takeRunBranch(place);
    writeFileSync(join(folder, 'work/a.txt'), 'b\n');
    const made = await commitPaths(g, ['work'], 'Change');
    expect(await commitOf(g, 'work/a.txt')).toBe(made);
  }
});

describe('what is wrong with a folder', () => {
  it('an unborn branch, a folder of a repository, a setting that git cannot read', async () => {
    git(repo, 'switch', '-q', '--orphan', 'empty');
    await expect(openGit(repo)).rejects.toThrow('the branch empty has no commit yet');
    mkdirSync(join(repo, 'inner'));
    await expect(openGit(join(repo, 'inner'))).rejects.toThrow('not the root of a git repository');
    writeFileSync(join(process.env.HOME as string, '.gitconfig'), '[user\n');
    await expect(openGit(repo)).rejects.toThrow(/bad config line 1 in file .*\.gitconfig/);
  });

  it('no git, and one that is too old', async () => {
    const bin = emptyFolder();
    process.env.PATH = bin;
    await expect(openGit(repo)).rejects.toThrow('git is not installed');
    writeFileSync(join(bin, 'git'), '#!/bin/sh\necho git version 2.20.1\n');
    chmodSync(join(bin, 'git'), 0o755);
    await expect(openGit(repo)).rejects.toThrow('git 2.25 or newer is needed, and 2.20 is installed');
  });
});

it('waits for a lock of somebody else’s, of a linked worktree too, and names it where it stays', async () => {
  const linked = join(emptyFolder(), 'linked');
  git(repo, 'worktree', 'add', '-q', '-b', 'side', linked);
  const lock = join(repo, '.git/worktrees/linked/index.lock');
  writeFileSync(lock, '');
  const g = await openGit(linked);
  const add = () => g.raw(['add', '--all']);
  await expect(patiently(add, 0)).rejects.toThrow(`git is locked by ${lock}`);
  const patient = patiently(add);
  await sleep(400);
  rmSync(lock);
  await patient;
  writeFileSync(join(repo, '.git/config.lock'), readFileSync(join(repo, '.git/config')));
  const config = () => g.raw(['config', '--local', 'a.b', 'c']);
  await expect(patiently(config, 0)).rejects.toThrow('.git/config.lock');
});

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkoutTree, committedTree, snapshotTree } from '#host/tree';
import { git, newRepo } from '../fixtures/repo.ts';
import { takeRunBranch } from '../fixtures/run-branch.ts';
import { commitOf, commitPaths, dirtyFiles, tagBest } from '../git/git.ts';
import { diffTrees, restoreWorkspace } from '../open-sprint/workspace.ts';

/** The loop records the same content under any personal git settings. */
let repo: string;
let home: string;
const before = { ...process.env };
const put = (path: string, text: string, folder = repo) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
};
const set = (key: string, value: string) => git(repo, 'config', '--global', key, value);

function start(): void {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
  process.env.HOME = home;
  delete process.env.XDG_CONFIG_HOME;
  repo = newRepo({
    'work/a.txt': 'one\ntwo\nthree\nfour\nfive\n',
    'work/crlf.txt': 'one\r\ntwo\r\n',
    'work/run.sh': '#!/bin/sh\n',
    'work/parts/x.ts': 'x\n',
    'work/é.txt': 'é\n',
    'other.txt': 'other\n',
    '.gitignore': 'state/\nignored/\n',
  });
  chmodSync(join(repo, 'work/run.sh'), 0o755);
  git(repo, 'add', '-A');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'Modes');
}
beforeEach(start);
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

/** The git operations of one sprint, and everything that they leave. */
async function recorded(): Promise<Record<string, unknown>> {
  const { folder, git: g } = await takeRunBranch(repo);
  repo = folder;
  const was = await snapshotTree({ repo, folder: 'work' });
  put('work/a.txt', 'one\r\ntwo\nTHREE\nfour\nfive\n');
  put('work/parts/new.log', 'new\n');
  put('work/ignored/x', 'by the repository\n');
  put('work/ü.txt', 'ü\n');
  const is = await snapshotTree({ repo, folder: 'work' });
  const dirty = await dirtyFiles(g, 'work');
  await restoreWorkspace({ repo, folder: 'work', tree: was });
  const restored = (await snapshotTree({ repo, folder: 'work' })) === was;
  await restoreWorkspace({ repo, folder: 'work', tree: is });
  for (const path of ['sprints/one/sprint.json', 'sprints/one/notes.log', 'reports/one.html'])
    put(path, path);
  const paths = ['work', 'sprints/one', 'reports'];
  const commit = await commitPaths(g, paths, 'Sprint 1: é', '# What\n\nIt works.', { F1: '0.8' });
  await tagBest(g, 'tiny', commit);
  // The test's own git calls must not be affected either.
  for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) delete process.env[name];
  const laidOut = await checkoutTree({ repo, tree: is });
  const plain = ['-c', 'color.ui=false', '-c', 'core.quotePath=false', '-c', 'i18n.logOutputEncoding=UTF-8'];
  const { workspace: left } = await dirtyFiles(g, 'work');
  put('work/a.txt', 'changed again\n');
  const again = await commitPaths(g, paths, 'Sprint 2');
  return {
    was,
    is,
    dirty,
    restored,
    change: await diffTrees(repo, was, is),
    committed: await committedTree({ repo, commit, folder: 'work' }),
    files: git(repo, ...plain, 'ls-tree', '-r', commit),
    message: git(repo, ...plain, 'log', '-1', '--format=%B', commit),
    of: (await commitOf(g, 'sprints/one/sprint.json')) === commit,
    tagged: git(repo, 'cat-file', '-t', 'best/tiny'),
    mode: statSync(join(laidOut, 'work/run.sh')).mode & 0o111,
    left,
    again: await committedTree({ repo, commit: again, folder: 'work' }),
  };
}

const IGNORED = 'parts/\n*.log\nsprints/\nreports/\n*.html\n*.txt\n';
const fails = (name: string) => {
  chmodSync(put(name, '#!/bin/sh\nexit 1\n', home), 0o755);
  return join(home, name);
};

/** Settings that do not mask each other are combined. */
const SETTINGS: [string, () => unknown][] = [
  ['an ignore file', () => set('core.excludesFile', put('ignore', IGNORED, home))],
  ['.git/info/exclude', () => put('.git/info/exclude', IGNORED)],
  ['core.autocrlf', () => set('core.autocrlf', 'true')],
  [
    'autocrlf=input, safecrlf, eol, attributes',
    () => {
      set('core.autocrlf', 'input');
      set('core.safecrlf', 'true');
      set('core.eol', 'crlf');
      put('.config/git/attributes', '* text\n', home);
    },
  ],
  [
    'core.fileMode=false',
    () => {
      git(repo, 'config', 'core.fileMode', 'false');
      chmodSync(join(repo, 'work/run.sh'), 0o644);
    },
  ],
  [
    'signing, hooks, templates',
    () => {
      for (const key of ['commit.gpgSign', 'tag.gpgSign', 'submodule.recurse']) set(key, 'true');
      set('gpg.program', '/bin/false');
      set('core.hooksPath', dirname(fails('hooks/pre-commit')));
      set('commit.cleanup', 'strip');
      set('commit.template', '/nowhere');
      set('i18n.commitEncoding', 'ISO-8859-1');
      set('branch.autoSetupMerge', 'always');
    },
  ],
  [
    'how the user likes to see it',
    () => {
      for (const key of ['core.quotePath', 'log.showSignature', 'status.branch', 'status.short'])
        set(key, 'true');
      for (const key of ['color.ui', 'color.status', 'color.diff']) set(key, 'always');
      for (const key of ['diff.noprefix', 'diff.mnemonicPrefix', 'diff.suppressBlankEmpty']) set(key, 'true');
      set('status.showUntrackedFiles', 'no');
      set('diff.external', fails('differ'));
      set('diff.context', '0');
    },
  ],
  [
    'the index of another kind',
    () => {
      for (const key of ['core.ignoreStat', 'core.splitIndex', 'core.untrackedCache']) set(key, 'true');
    },
  ],
  [
    'what a hook finds set',
    () => {
      process.env.GIT_DIR = process.env.GIT_WORK_TREE = '/nowhere';
      process.env.GIT_INDEX_FILE = join(home, 'index');
      process.env.GIT_EXTERNAL_DIFF = '/bin/false';
    },
  ],
];

let plain: Promise<Record<string, unknown>> | undefined;
it.each(SETTINGS)('%s: nothing of what is recorded changes', async (_, apply) => {
  plain ??= recorded();
  const expected = await plain;
  start();
  apply();
  expect(await recorded()).toEqual(expected);
});

it('and that is all of it', async () => {
  const found = await recorded();
  expect(found.files).toMatch(/100755 blob \w+\twork\/run.sh/);
  const list = String(found.files).replaceAll(/^.*\t/gm, '').split('\n');
  expect(list).toEqual([
    ...['.gitignore', 'other.txt', 'reports/one.html', 'sprints/one/notes.log', 'sprints/one/sprint.json'],
    ...['work/a.txt', 'work/crlf.txt', 'work/parts/new.log', 'work/parts/x.ts', 'work/run.sh', 'work/é.txt'],
    'work/ü.txt',
  ]);
  expect(found).toMatchObject({ restored: true, of: true, tagged: 'commit', mode: 0o111, left: [] });
  expect(found.committed).toBe(found.is);
  expect(found.message).toBe('Sprint 1: é\n\n# What\n\nIt works.\n\nF1: 0.8');
});

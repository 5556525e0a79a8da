import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { committedTree } from '#host/tree';
import { git, newRepo } from '../fixtures/repo.ts';
import { openGit } from './git.ts';
import { type Putting, putWorkspace } from './put-workspace.ts';

const RUN = 'run/2026-01-01';
const lines = (...changed: [number, string][]) =>
  Array.from({ length: 20 }, (_, i) => changed.find(([at]) => at === i)?.[1] ?? `line ${i}`).join('\n');

let repo: string;
/** The workspace of the run branch. */
let tree: string;

/** Writes and commits files on the branch that is checked out; null removes one. */
function commit(files: Record<string, string | null>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repo, path)), { recursive: true });
    if (text === null) rmSync(join(repo, path));
    else writeFileSync(join(repo, path), text);
  }
  git(repo, 'add', '-A');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'Change');
}

beforeEach(async () => {
  repo = newRepo({ 'work/a.txt': lines(), 'work/old.txt': 'old', 'other.txt': 'o' });
  git(repo, 'switch', '-qc', RUN);
  commit({
    'work/a.txt': lines([2, 'the run']),
    'work/old.txt': null,
    'work/new.txt': 'new',
    'sprints/x': 'x',
  });
  tree = await committedTree({ repo, commit: 'HEAD', folder: 'work' });
  git(repo, 'switch', '-q', 'main');
});

const put = async (more: { branch?: string | null; known?: ReadonlySet<string> } = {}): Promise<Putting> =>
  putWorkspace(await openGit(repo), {
    ...{ repo, folder: 'work', tree, branch: RUN, known: new Set<string>() },
    message: (merged) => (merged ? 'Adopt, merged' : 'Adopt'),
    ...more,
  });
const read = (file: string) => readFileSync(join(repo, file), 'utf8');
const workOf = (ref: string) => git(repo, 'rev-parse', `${ref}:work`);

it('puts the workspace of the run on the branch, as one commit that changes nothing else', async () => {
  writeFileSync(join(repo, 'other.txt'), 'staged');
  git(repo, 'add', 'other.txt');
  writeFileSync(join(repo, 'untracked.txt'), 'u');
  const before = git(repo, 'rev-parse', 'HEAD');
  expect(await put()).toMatchObject({ kind: 'commit', merged: false });
  expect(git(repo, 'rev-list', `${before}..HEAD`, '--count')).toBe('1');
  expect(git(repo, 'diff', '--name-status', before, 'HEAD').split('\n')).toEqual([
    'M\twork/a.txt',
    'A\twork/new.txt',
    'D\twork/old.txt',
  ]);
  expect(workOf('HEAD')).toBe(workOf(RUN));
  expect(git(repo, 'status', '--porcelain')).toBe('M  other.txt\n?? untracked.txt');
  expect(await put()).toEqual({ kind: 'same' });
});

it('merges with what the branch has changed since, where both can stand', async () => {
  commit({ 'work/a.txt': lines([17, 'mine']), 'work/mine.txt': 'mine' });
  expect(await put()).toMatchObject({ kind: 'commit', merged: true });
  expect(read('work/a.txt')).toBe(lines([2, 'the run'], [17, 'mine']));
  expect([read('work/mine.txt'), read('work/new.txt')]).toEqual(['mine', 'new']);
  expect(git(repo, 'log', '-1', '--format=%s')).toBe('Adopt, merged');
  expect(git(repo, 'status', '--porcelain')).toBe('');
});

it('changes nothing where both changed the same lines, and names the files', async () => {
  commit({ 'work/a.txt': lines([2, 'mine']), 'work/old.txt': 'mine' });
  const before = git(repo, 'rev-parse', 'HEAD');
  expect(await put()).toEqual({ kind: 'conflict', files: ['work/a.txt', 'work/old.txt'] });
  expect([git(repo, 'rev-parse', 'HEAD'), git(repo, 'status', '--porcelain')]).toEqual([before, '']);
  expect(await put({ branch: null })).toMatchObject({ kind: 'commit', merged: false });
  expect(workOf('HEAD')).toBe(workOf(RUN));
});

it('takes the workspace as it is where the present one is what the run branch began with', async () => {
  // Uncommitted work of the user was the start of the run branch, and is committed since.
  commit({ 'work/a.txt': lines([2, 'mine']) });
  const known = new Set([await committedTree({ repo, commit: 'HEAD', folder: 'work' })]);
  expect(await put({ known })).toMatchObject({ kind: 'commit', merged: false });
  expect(workOf('HEAD')).toBe(workOf(RUN));
});

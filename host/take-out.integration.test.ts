import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { deepFolder } from './fixtures/deep-folder.ts';
import { takeOut } from './take-out.ts';

const folder = mkdtempSync(join(tmpdir(), 'take-out-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const NOBODY = 65534;

it('takes out what is unwanted and what has no name, follows no link, and opens what was closed', () => {
  const leave = [
    'mkdir -p kept/deep away/deep elsewhere; echo 1 > kept/deep/file; echo 1 > away/deep/file',
    "mkfifo kept/pipe; ln -s ../elsewhere kept/link; echo 1 > elsewhere/file; touch kept/$'\\xff'",
  ];
  mkdirSync(join(folder, 'own'));
  execFileSync('bash', ['-c', leave.join('; ')], { cwd: join(folder, 'own') });
  // Runs as another user than root, because closed folders do not stop root.
  const root = process.getuid?.() === 0;
  if (root) {
    chmodSync(folder, 0o755);
    execFileSync('chown', ['-hR', String(NOBODY), folder]);
  }
  for (const closed of ['kept/deep', 'away/deep', 'away']) chmodSync(join(folder, 'own', closed), 0o500);
  if (root) process.seteuid?.(NOBODY);
  try {
    const gone = takeOut(
      join(folder, 'own'),
      ({ name, path, kind, bytes }) =>
        name === 'away' || kind === 'other' || (path === 'kept/deep/file' && bytes === 2),
    );
    expect(gone.sort()).toEqual(['away', 'kept/deep/file', 'kept/pipe', 'kept/\ufffd']);
  } finally {
    if (root) process.seteuid?.(0);
  }
  const there = readdirSync(join(folder, 'own'), { recursive: true, encoding: 'utf8' });
  expect(there.sort()).toEqual([
    'elsewhere',
    'elsewhere/file',
    'kept',
    'kept/deep',
    'kept/link',
    'kept/link/file',
  ]);
});

it('takes out nothing that is wanted', () => {
  writeFileSync(join(folder, 'wanted'), '');
  expect(takeOut(folder, () => false)).toEqual([]);
});

it('takes out what lies deeper than a path can name', () => {
  const deep = mkdtempSync(join(folder, 'deep-'));
  deepFolder(deep);
  expect(takeOut(deep, () => false)).toEqual([expect.stringMatching(/^e\/d{200}/)]);
  expect(readdirSync(deep)).toEqual(['e']);
});

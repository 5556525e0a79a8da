import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';

const repo = realpathSync(mkdtempSync(join(tmpdir(), 'confined-')));
const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'elsewhere-')));
const tried = await tryBubblewrap(repo);
if (!tried.ok) console.log(`SKIP confined.e2e.test.ts: ${tried.why}`);

beforeAll(() => {
  mkdirSync(join(repo, 'run'));
  writeFileSync(join(repo, 'judge.mjs'), 'truth');
  writeFileSync(join(elsewhere, 'weights'), 'weights');
  writeFileSync(
    join(repo, 'work.mjs'),
    `import { readFileSync, writeFileSync } from 'node:fs';
     const [first, ...rest] = process.argv.slice(2);
     const out = rest[rest.indexOf('--out') + 1];
     for (const path of ['judge.mjs', out + '/made']) {
       try { writeFileSync(path, 'mine'); console.log('wrote ' + path); } catch (error) { console.log(path + ' ' + error.code); }
     }
     if (first !== 'run') console.log(readFileSync(first, 'utf8'));
     process.exit(3);`,
  );
  writeFileSync(
    join(repo, 'read.mjs'),
    `import { readdirSync, readFileSync } from 'node:fs';
     const folder = process.argv[2].replace('--from=', '');
     for (const name of readdirSync(folder).sort()) {
       try { console.log(name, readFileSync(folder + '/' + name, 'utf8')); } catch (error) { console.log(name, error.code); }
     }`,
  );
});
afterAll(() => {
  for (const folder of [repo, elsewhere]) rmSync(folder, { recursive: true });
});

const confined = (...args: string[]) =>
  capture({
    argv: ['node', '--import', import.meta.resolve('tsx'), join(import.meta.dirname, 'confined.ts'), ...args],
    cwd: repo,
    env: cleanEnv(),
    timeoutSeconds: 30,
  });

it.skipIf(!tried.ok)('a command by hand writes its own folder only, and reads what it is given', async () => {
  const { exit, stdout } = await confined('--into', 'export', 'node', 'work.mjs', 'run');
  expect([exit.code, stdout]).toEqual([3, 'judge.mjs EROFS\nwrote run/export/made\n']);
  expect(readFileSync(join(repo, 'judge.mjs'), 'utf8')).toBe('truth');
  const weights = join(elsewhere, 'weights');
  expect((await confined('node', 'work.mjs', weights, '--out', 'run')).stdout).toBe(
    'judge.mjs EROFS\nrun/made EROFS\nweights\n',
  );
  expect(existsSync(join(repo, 'run/made'))).toBe(false);
});

/** A folder as a hub's cache has it: its files are links to blobs beside it, and one leads elsewhere. */
function hubFolder(root: string): string {
  const folder = join(root, 'model', 'snapshots', 'abc');
  for (const path of [folder, join(root, 'model', 'blobs')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(root, 'model', 'blobs', 'e7a6'), 'blob');
  symlinkSync('../../blobs/e7a6', join(folder, 'cfg.json'));
  symlinkSync(join(elsewhere, 'weights'), join(folder, 'weights'));
  return folder;
}

it.skipIf(!tried.ok)('reads a folder of links as they lead, by whatever name', async () => {
  const folder = hubFolder(elsewhere);
  symlinkSync(folder, join(elsewhere, 'by-its-name'));
  for (const name of [folder, `--from=${folder}`, join(elsewhere, 'by-its-name')])
    expect((await confined('node', 'read.mjs', name)).stdout, name).toBe('cfg.json blob\nweights weights\n');
});

it.skipIf(!tried.ok)(
  'follows no link that the workspace’s code may have made to what is hidden',
  async () => {
    const ours = 'cfg.json blob\nweights ENOENT\n';
    expect((await confined('node', 'read.mjs', hubFolder(join(repo, 'work')))).stdout).toBe(ours);
    const run = join(elsewhere, 'run');
    const folder = hubFolder(join(run, 'out'));
    writeFileSync(join(run, 'run.json'), '{}');
    expect((await confined('node', 'read.mjs', folder)).stdout).toBe(ours);
  },
);

it('does as it is told without a sandbox, and refuses what it does not know', async () => {
  const { exit, stdout } = await confined('node', 'work.mjs', 'run', '--out', 'run', '--sandbox', 'off');
  expect([exit.code, stdout]).toEqual([3, 'wrote judge.mjs\nwrote run/made\n']);
  const { exit: refused, complaint } = await confined('node', 'work.mjs', '--sandbox', 'on');
  expect([refused.code, complaint]).toEqual([2, '--sandbox: auto or off, not "on"']);
});

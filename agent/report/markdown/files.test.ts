import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fileFinder } from './files.ts';

const base = mkdtempSync(join(tmpdir(), 'files-'));
const repository = join(base, 'repository');
const folder = join(repository, 'sprints', 'one');
mkdirSync(join(folder, 'logs'), { recursive: true });
mkdirSync(join(repository, 'sae'));
mkdirSync(join(repository, '.git'));
afterAll(() => rmSync(base, { recursive: true }));
for (const name of ['train.log', 'logs/a b.txt', 'page.html', 'plot.svg'])
  writeFileSync(join(folder, name), '');
writeFileSync(join(repository, 'sae', 'lista.ts'), '');
writeFileSync(join(repository, '.git', 'config.txt'), '');
writeFileSync(join(base, 'secret.txt'), '');
symlinkSync(join(base, 'secret.txt'), join(folder, 'linked.txt'));

it.each([
  ['train.log', 'sprints/one/train.log'],
  ['./logs/a%20b.txt', 'sprints/one/logs/a b.txt'],
  ['logs/a b.txt', 'sprints/one/logs/a b.txt'],
  ['sae/lista.ts', 'sae/lista.ts'],
  ['../../sae/lista.ts', 'sae/lista.ts'],
  ['sae/lista.ts#L10', 'sae/lista.ts'],
  ['sae/lista.ts:10-12', 'sae/lista.ts'],
  ['sprints/one/train.log', 'sprints/one/train.log'],
])('finds %s', (href, path) => {
  expect(fileFinder(folder)(href)).toBe(path);
});

it.each([
  '../../../secret.txt',
  'linked.txt',
  'gone.txt',
  'page.html',
  'plot.svg',
  '.git/config.txt',
  '#results',
  'https://a.example/train.log',
  'file:///etc/passwd',
  '',
])('links nothing for %j', (href) => {
  expect(fileFinder(folder)(href)).toBeNull();
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { importedPackages, packageFolders } from './packages.ts';

const root = mkdtempSync(join(tmpdir(), 'packages-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function lay(path: string, manifest: object): void {
  mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, path, 'package.json'), JSON.stringify(manifest));
}
lay('.', { dependencies: { a: '1', unused: '1', tsx: '1' }, optionalDependencies: { native: '1' } });
lay('node_modules/a', { dependencies: { b: '1' }, optionalDependencies: { absent: '1', b: '1' } });
lay('node_modules/a/node_modules/b', { dependencies: { c: '2' } });
lay('node_modules/b', {});
lay('node_modules/c', { dependencies: { a: '1' } });
lay('node_modules/native', {});
lay('node_modules/unused', {});

it('finds what packages need where Node finds it, and leaves out an optional one that is not there', () => {
  const found = packageFolders(root, ['a', 'native']).map((folder) => relative(root, folder));
  expect(found).toEqual([
    'node_modules/a',
    'node_modules/a/node_modules/b',
    'node_modules/c',
    'node_modules/native',
  ]);
});

it('names a package that is missing', () => {
  lay('node_modules/c', { dependencies: { nowhere: '1' } });
  expect(() => packageFolders(root, ['a'])).toThrow('nowhere: not installed; run npm ci');
});

it('takes the packages that the code imports, in any way, and tsx', () => {
  mkdirSync(join(root, 'room'));
  writeFileSync(join(root, 'room', 'x.ts'), "import 'a/dist/x.js';\nrequire('native');\n");
  writeFileSync(join(root, 'room', 'x.test.ts'), "import 'unused';\n");
  expect(importedPackages(root, ['room'])).toEqual(['a', 'tsx', 'native']);
});

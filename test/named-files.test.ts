import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { FOLDERS } from './import-graph.ts';

const ROOT = join(import.meta.dirname, '..');
const files = [
  ...readdirSync(ROOT),
  ...[...FOLDERS, 'docs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  ),
];
const code = files.filter((path) => /\.(ts|mjs)$/.test(path));
const texts = files.filter((path) => path.endsWith('.md'));

/**
 * Whether a file exists by its path from the root, from the folder of the text, or below that folder. `x.ts`
 * stands for any file, and `candidate.ts` is made by the replay.
 */
const isThere = (name: string, text: string) => {
  const folder = dirname(text) === 'docs' ? '.' : dirname(text);
  return code.some(
    (path) =>
      path === name ||
      relative(folder, path) === name ||
      ((folder === '.' || path.startsWith(`${folder}/`)) && path.endsWith(`/${name}`)),
  );
};

it.each(texts)('%s names files of code that are there', (text) => {
  const names = [...readFileSync(join(ROOT, text), 'utf8').matchAll(/`([\w/.-]+\.(?:ts|mjs))`/g)].map(
    ([, name]) => name as string,
  );
  const lost = names.filter((name) => !/(^|\/)(x|candidate)\./.test(name) && !isThere(name, text));
  expect([...new Set(lost)]).toEqual([]);
});

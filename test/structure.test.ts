import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { cycles, importGraph, root } from './import-graph.ts';

const graph = importGraph(['agent', 'contract', 'host', 'bench', 'engine', 'replay', 'sae', 'speed']);

it('finds a cycle', () => {
  const edges = { a: ['b'], b: ['c', 'd'], c: ['a'], d: ['d'] };
  const found = cycles(new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)])));
  expect(found).toEqual([['a', 'b', 'c']]);
});

it('no file imports itself by way of others, types included', () => {
  expect(graph.size).toBeGreaterThan(300);
  expect(cycles(graph)).toEqual([]);
});

it('folders of agent/ import one way', () => {
  const folders = new Map<string, Set<string>>();
  for (const [file, imported] of graph) {
    if (!file.startsWith('agent/')) continue;
    const from = dirname(file);
    const to = folders.get(from) ?? new Set();
    folders.set(from, to);
    for (const path of imported)
      if (path.startsWith('agent/') && dirname(path) !== from) to.add(dirname(path));
  }
  expect(folders.size).toBeGreaterThan(15);
  expect(cycles(folders)).toEqual([]);
});

it('agent/README.md lists the folders of agent/ from the top: each imports those below it', () => {
  const readme = readFileSync(join(root, 'agent/README.md'), 'utf8');
  const order = [...readme.matchAll(/^([a-z-]+)\/ {2,}/gm)].map((match) => match[1] ?? '');
  const place = (file: string) => order.indexOf(file.split('/')[1] ?? '');
  const inside = [...graph.keys()].filter((file) => /^agent\/.+\//.test(file));
  expect(inside.filter((file) => place(file) === -1)).toEqual([]);
  const upwards = inside.flatMap((file) =>
    [...(graph.get(file) ?? [])]
      .filter((to) => /^agent\/.+\//.test(to) && place(to) < place(file))
      .map((to) => `${file} imports ${to}`),
  );
  expect(upwards).toEqual([]);
});

/** An object type of more than `fields` fields may be used in at most `files` other files. */
const MOST = { fields: 10, files: 8 };

it('no object of agent/ with many fields is handed through many files', () => {
  const files = [...graph.keys()].filter((file) => file.startsWith('agent/'));
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const wide = files.flatMap((file) =>
    [...(texts.get(file) ?? '').matchAll(/^export (?:interface|type) (\w+)[^{;]*\{\n([\s\S]*?)^\}/gm)]
      .map(([, name = '', body = '']) => ({
        name,
        fields: [...body.matchAll(/^ {2}(?:readonly )?\w+\??[:(]/gm)].length,
      }))
      .filter(({ fields }) => fields > MOST.fields)
      .map(({ name }) => ({ file, name })),
  );
  expect(wide.length).toBeGreaterThan(0);
  const handed = wide.map(({ file, name }) => {
    const used = files.filter(
      (other) =>
        other !== file &&
        graph.get(other)?.has(file) &&
        new RegExp(`\\b${name}\\b`).test(texts.get(other) ?? ''),
    );
    return { name: `${file}: ${name}`, files: used.length };
  });
  expect(handed.filter((each) => each.files > MOST.files)).toEqual([]);
});

it('one file of agent/ knows where things lie below a checkout', () => {
  const names = /join\([^)]*'(checkpoints|sprints|state|reports|out|(run|verdict|sprint)\.json)'/;
  const files = [...graph.keys()].filter(
    (file) => file.startsWith('agent/') && file !== 'agent/common/paths.ts',
  );
  expect(files.filter((file) => names.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

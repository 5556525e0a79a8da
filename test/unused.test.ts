import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, it } from 'vitest';
import { FOLDERS } from './import-graph.ts';

const root = join(import.meta.dirname, '..');

/** Files that are found by scanning a folder, or meant to be copied: no file imports them by name. */
const BY_SCAN = /^(sae\/(architectures|experiments|addons)|engine\/backends)\/|\.(test|d)\.ts$/;

const texts = new Map(
  FOLDERS.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(m?js|ts)$/.test(name))
      .map((name) => join(room, name)),
  ).map((file) => [file, readFileSync(join(root, file), 'utf8')]),
);
/** Texts that start files by their paths: scripts, CI, tasks. */
const starters = [
  ...['package.json', 'TASK.md', 'vitest.config.ts', 'README.md', '.ci/run'],
  'agent/fixtures/tiny-task/TASK.md',
].map((name) => readFileSync(join(root, name), 'utf8'));

interface Import {
  /** A file of ours, or the name of a package. */
  from: string;
  /** Null: all that it exports. */
  names: string[] | null;
}

/**
 * What a file imports from others. Statements begin a line, so that those in a template string are ignored.
 */
function importsOf(file: string, text: string): Import[] {
  const found = [
    ...text.matchAll(
      /^(?:import|export)(?: type)?\s+(?:[\w$]+,\s*)?(\{[^}]*\}|\*[^'"`;]*)\s+from\s+'([^']+)'/gm,
    ),
    ...text.matchAll(/\bimport(\()\s*'([^']+)'/g),
  ];
  /** The names used of `* as ops`: each `ops.name`, or null (all) where the file passes `ops` itself on. */
  const namesOf = (what: string): string[] | null => {
    if (what.startsWith('{')) return namesIn(what).map(([own]) => own);
    const [, space] = /^\* as (\w+)$/.exec(what) ?? [];
    if (space === undefined) return null;
    const uses = [...text.matchAll(new RegExp(`(?<![\\w$.*])${space}\\b(?!')(?:\\.(\\w+))?`, 'g'))].slice(1);
    const names = uses.flatMap(([, name]) => name ?? []);
    return names.length === uses.length ? names : null;
  };
  return found.map(([, what = '', specifier = '']) => ({
    from: targetOf(file, specifier),
    names: namesOf(what),
  }));
}

function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return relative(root, normalize(join(root, dirname(file), specifier)));
  if (!specifier.startsWith('#')) return specifier;
  return /\.\w+$/.test(specifier) ? specifier.slice(1) : `${specifier.slice(1)}.ts`;
}

/** `{ a, type b as c }`: each name in its own file, and what it is called here. */
function namesIn(braces: string): [own: string, here: string][] {
  const parts = braces
    .slice(1, -1)
    .replace(/\/\/.*$/gm, '')
    .split(',');
  return parts
    .map((part) => part.trim().replace(/^type /, ''))
    .filter((part) => part !== '')
    .map((part) => {
      const [own = '', here = own] = part.split(/\s+as\s+/);
      return [own, here];
    });
}

function exportsOf(source: string): string[] {
  // Exports in a template string are those of another file, into which it is written.
  const text = source.replaceAll(/`(?:[^`\\$]|\\.|\$(?!\{)|\$\{[^}]*\})*`/gs, '``');
  const declared =
    /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|enum) ([\w$]+)/gm;
  return [
    ...[...text.matchAll(declared)].map(([, name = '']) => name),
    ...[...text.matchAll(/^export(?: type| const)? (\{[^}]*\})/gm)]
      .flatMap(([, braces = '']) => namesIn(braces))
      .map(([, here]) => here),
  ];
}

const used = new Map<string, Set<string> | null>();
for (const [file, text] of texts) {
  for (const { from, names } of importsOf(file, text)) {
    if (names === null) used.set(from, null);
    const before = used.get(from);
    if (names !== null && before !== null) used.set(from, new Set([...(before ?? []), ...names]));
  }
}

it('every export has a user in another file', () => {
  const unused = [...texts]
    .filter(([file]) => !BY_SCAN.test(file) && used.get(file) !== null)
    .flatMap(([file, text]) =>
      exportsOf(text)
        .filter((name) => !used.get(file)?.has(name))
        .map((name) => `${file}: ${name}`),
    );
  expect(unused).toEqual([]);
});

it('every file is imported, or started by its name', () => {
  const others = (own: string) => [
    ...[...texts].filter(([file]) => file !== own).map(([, text]) => text),
    ...starters,
  ];
  const unused = [...texts]
    .map(([file]) => file)
    .filter((file) => !BY_SCAN.test(file) && !used.has(file))
    .filter((file) => !others(file).some((text) => text.includes(file.split('/').at(-1) ?? file)));
  expect(unused).toEqual([]);
});

it('every package that is asked for is used, and every one that is used is asked for', () => {
  const manifest = JSON.parse(starters[0] ?? '{}') as Record<string, Record<string, string>>;
  const groups = ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'];
  const asked = groups.flatMap((group) => Object.keys(manifest[group] ?? {}));
  /** Packages that no file imports: programs, and what tsc and Vitest load by themselves. */
  const byName = /^(@biomejs\/biome|typescript|tsx|@types\/.*|@vitest\/coverage-v8)$/;
  const all = [...texts.values(), ...starters.slice(1)].join('\n');
  expect(asked.filter((name) => !byName.test(name) && !all.includes(name))).toEqual([]);
  const packages = [...texts]
    .flatMap(([file, text]) => importsOf(file, text).map(({ from }) => ({ file, from })))
    .filter(({ from }) => !texts.has(from) && !from.startsWith('node:') && !/\.(json|wasm)$/.test(from))
    .map(({ file, from }) => ({ file, name: /^(?:@[^/]+\/)?[^/]+/.exec(from)?.[0] ?? from }));
  expect(packages.filter(({ name }) => ![...asked, ...FOLDERS].includes(name))).toEqual([]);
});

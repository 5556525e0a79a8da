import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { homeOf } from '#host/worktree';

/** Folders of the repository with all modules that the engine, the data service and the judge load. */
export const FOLDERS = ['bench', 'contract', 'engine', 'host'] as const;

/**
 * The digest of all that fingerprints are made from, before an experiment is asked for: each file of the
 * tree and of FOLDERS, what tells Node where imports lead, the installed packages, Node itself. Null where
 * that cannot be told, as with links, which may lead elsewhere.
 */
export function digestOfAll({ repo, treeDir }: { repo: string; treeDir: string }): string | null {
  const hash = createHash('sha256');
  const add = (...words: string[]) => hash.update(`${JSON.stringify(words)}\n`);
  add(process.version);
  for (const root of [treeDir, ...FOLDERS.map((folder) => join(repo, folder))]) {
    const files = filesIn(root);
    if (files === null) return null;
    add(root === treeDir ? 'tree' : relative(repo, root), `${files.length}`);
    for (const file of files) add(relative(root, file), sha256(readFileSync(file)));
  }
  for (let folder = treeDir; ; folder = dirname(folder)) {
    for (const name of ['package.json', 'tsconfig.json', 'jsconfig.json']) {
      const path = join(folder, name);
      if (existsSync(path)) add(`${relative(repo, folder)}/${name}`, sha256(readFileSync(path)));
    }
    if (folder === dirname(folder)) break;
  }
  for (const name of packagesOf(repo)) add(versionOf(repo, name));
  return hash.digest('hex');
}

/** All files in a folder in a fixed order; null where one is no plain file. Packages are known by version. */
function filesIn(root: string): string[] | null {
  const found: string[] = [];
  const left = [root];
  for (let folder = left.pop(); folder !== undefined; folder = left.pop()) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const what = lstatSync(path);
      if (what.isDirectory() && name !== 'node_modules') left.push(path);
      else if (what.isFile()) found.push(path);
      else return null;
    }
  }
  return found.sort();
}

/** The packages that the repository names. */
export function packagesOf(repo: string): string[] {
  const manifest = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8'));
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
  return [...new Set(kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {})))].sort();
}

/** The package of an import: `@scope/name` of `@scope/name/file`. */
export const packageOf = (specifier: string): string =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** `zod@4.1.0`; packages of a loop's worktree lie in the checkout above it. */
export function versionOf(repo: string, specifier: string): string {
  if (isBuiltin(specifier)) return specifier;
  const name = packageOf(specifier);
  for (const root of [repo, homeOf(repo)]) {
    const path = join(root, 'node_modules', name, 'package.json');
    if (existsSync(path)) return `${name}@${JSON.parse(readFileSync(path, 'utf8')).version}`;
  }
  return name;
}

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

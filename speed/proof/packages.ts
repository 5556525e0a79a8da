import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const Names = z.record(z.string(), z.string()).default({});
const Manifest = z.object({ dependencies: Names, optionalDependencies: Names });

/**
 * The folders of the packages that these need, those of their dependencies included, as they lie below
 * `root`. An optional one that is not installed is left out.
 * @throws Error that names a package that is missing
 */
export function packageFolders(root: string, wanted: readonly string[]): string[] {
  const found = new Set<string>();
  const take = (name: string, from: string, isOptional: boolean): void => {
    const folder = folderOf(name, from);
    if (folder === null) {
      if (isOptional) return;
      throw new Error(`${name}: not installed; run npm ci`);
    }
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies, optionalDependencies } = manifestOf(folder);
    for (const each of Object.keys(dependencies)) take(each, folder, each in optionalDependencies);
    for (const each of Object.keys(optionalDependencies)) take(each, folder, true);
  };
  for (const name of wanted) take(name, root, false);
  return [...found];
}

/** Where Node finds a package from a folder: the nearest `node_modules` above that has it. */
function folderOf(name: string, from: string): string | null {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === dirname(at)) return null;
  }
}

const manifestOf = (folder: string) =>
  Manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));

/** Of the packages that the manifest asks for, those that the code of these folders imports, and tsx. */
export function importedPackages(root: string, rooms: readonly string[]): string[] {
  const { dependencies, optionalDependencies } = manifestOf(root);
  const names = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)];
  const text = rooms
    .flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.m?[jt]s$/.test(name) && !name.endsWith('.test.ts'))
        .map((name) => readFileSync(join(root, room, name), 'utf8')),
    )
    .join('\n');
  // In quotes, as an import, a require or a path below the package.
  return names.filter((name) => name === 'tsx' || text.includes(`'${name}'`) || text.includes(`'${name}/`));
}

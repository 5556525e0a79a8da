import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folders of the repository that hold code. */
export const FOLDERS = [
  'agent',
  'bench',
  'contract',
  'engine',
  'examples',
  'host',
  'replay',
  'sae',
  'speed',
  'test',
];

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Source files of a folder of the repository, by their paths below its root. */
export function sources(folder: string, kind = /\.m?[jt]s$/): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => kind.test(name))
    .map((name) => join(folder, name));
}

/** Whether a file ships: tests and their fixtures do not. */
export const ships = (file: string) => !file.endsWith('.test.ts') && !/\/(fixtures|testing)\//.test(file);

export function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  // Statements at the start of a line: what stands in a template string is not an import of this file.
  const statements = [
    /^import\s+(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm,
    /^export\s[^'"`;=]*?\sfrom\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
  ];
  return statements.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
}

/** The file in the repository that an import names, or null for a package. */
export function target(file: string, specifier: string): string | null {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return relative(root, normalize(join(root, dirname(file), specifier)));
  return null;
}

/** What each shipped file of these folders imports of the others, types included. */
export function importGraph(folders: readonly string[]): Map<string, Set<string>> {
  const files = new Set(folders.flatMap((folder) => sources(folder)).filter(ships));
  const named = (path: string) => [path, `${path}.ts`].find((name) => files.has(name)) ?? [];
  return new Map(
    [...files].map((file) => [
      file,
      new Set(imports(file).flatMap((name) => named(target(file, name) ?? ''))),
    ]),
  );
}

/** Groups of nodes that reach each other (Tarjan's strongly connected components of more than one node). */
export function cycles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (node: string) => {
    order.set(node, order.size);
    let lowest = order.get(node) as number;
    open.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest = Math.min(lowest, low.get(next) ?? (order.get(next) as number));
    }
    low.set(node, lowest);
    if (lowest !== order.get(node)) return;
    const group = open.splice(open.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return found;
}

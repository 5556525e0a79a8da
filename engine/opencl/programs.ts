import { readFileSync } from 'node:fs';

/** What a kernel's parameter is: a buffer of the device that it reads, or also writes, or a number. */
export type Parameter = 'buffer' | 'output' | 'int' | 'float';

/** Every group of kernels, a file of kernels/. */
export type Group =
  | 'elementwise'
  | 'movement'
  | 'reductions'
  | 'matmul'
  | 'mma'
  | 'select'
  | 'sparse'
  | 'fused'
  | 'tracking'
  | 'optimiser'
  | 'chain';

/** Kernels of others than the engine: the file `<name>.cl` of a folder, with their PTX in its `ptx`. */
export interface Source {
  readonly name: string;
  readonly folder: URL;
}

const OWN = new URL('./kernels/', import.meta.url);

export const nameOf = (kernels: Group | Source): string =>
  typeof kernels === 'string' ? kernels : kernels.name;

/** The source of a group of kernels, with what all groups share before it. It is built with GROUP. */
export function sourceOf(kernels: Group | Source): string {
  const folder = typeof kernels === 'string' ? OWN : kernels.folder;
  return `${read('common', OWN)}\n${read(nameOf(kernels), folder)}`;
}

const read = (name: string, folder: URL): string => readFileSync(new URL(`${name}.cl`, folder), 'utf8');

const KERNEL = /kernel void\s+(\w+)\s*\(([^)]*)\)/;

/**
 * The parameters of every kernel of a source, by its name. A macro whose first parameter is NAME and that
 * holds `kernel void NAME(...)` makes a kernel of each name that it is used with.
 */
export function parametersOf(source: string): Map<string, Parameter[]> {
  const found = new Map<string, Parameter[]>();
  const joined = source.replace(/\\\n/g, ' ');
  for (const line of joined.match(/^#define \w+\(NAME.*$/gm) ?? []) {
    const [, macro] = /^#define (\w+)/.exec(line) as RegExpExecArray;
    const [, , list] = KERNEL.exec(line) ?? [];
    if (list === undefined) continue;
    for (const [, name] of joined.matchAll(new RegExp(`^${macro}\\((\\w+)`, 'gm'))) {
      found.set(name, parameters(list));
    }
  }
  const plain = joined.replace(/^#.*$/gm, '');
  for (const [, name, list] of plain.matchAll(new RegExp(KERNEL, 'g'))) found.set(name, parameters(list));
  return found;
}

function parameters(list: string): Parameter[] {
  return list.split(',').map((parameter) => {
    if (parameter.includes('*')) return /\bconst\b/.test(parameter) ? 'buffer' : 'output';
    return /\bfloat\b/.test(parameter) ? 'float' : 'int';
  });
}

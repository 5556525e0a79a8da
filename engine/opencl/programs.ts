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

/** Kernels of others than the engine: files of a folder, one after the other, with their PTX in its `ptx`. */
export interface Source {
  readonly name: string;
  readonly folder: URL;
  /** Paths below the folder, without `.cl`. */
  readonly parts: readonly string[];
}

const OWN = new URL('./kernels/', import.meta.url);

export const nameOf = (kernels: Group | Source): string =>
  typeof kernels === 'string' ? kernels : kernels.name;

/** What tells kernels from all others: two sources may have the same name. */
export const keyOf = (kernels: Group | Source): string =>
  typeof kernels === 'string' ? kernels : [kernels.folder.href, ...kernels.parts].join(' ');

/** The source of a group of kernels, with what all groups share before it. It is built with GROUP. */
export function sourceOf(kernels: Group | Source): string {
  return `${read('common', OWN)}\n${typeof kernels === 'string' ? read(kernels, OWN) : joined(kernels)}`;
}

/** The files of others' kernels as one. */
export const joined = ({ parts, folder }: Source): string =>
  parts.map((part) => read(part, folder)).join('\n');

const read = (name: string, folder: URL): string => readFileSync(new URL(`${name}.cl`, folder), 'utf8');

const KERNEL = /kernel void\s+(\w+)\s*\(([^)]*)\)/;

/**
 * The parameters of every kernel of a source, by its name. A macro whose first parameter is NAME and that
 * holds `kernel void NAME(...)` makes a kernel of each name that it is used with.
 */
export function parametersOf(source: string): Map<string, Parameter[]> {
  const found = new Map<string, Parameter[]>();
  const whole = source.replace(/\\\n/g, ' ');
  for (const line of whole.match(/^#define \w+\(NAME.*$/gm) ?? []) {
    const [, macro] = /^#define (\w+)/.exec(line) as RegExpExecArray;
    const [, , list] = KERNEL.exec(line) ?? [];
    if (list === undefined) continue;
    for (const [, name] of whole.matchAll(new RegExp(`^${macro}\\((\\w+)`, 'gm'))) {
      found.set(name, parameters(list));
    }
  }
  const plain = whole.replace(/^#.*$/gm, '');
  for (const [, name, list] of plain.matchAll(new RegExp(KERNEL, 'g'))) found.set(name, parameters(list));
  return found;
}

function parameters(list: string): Parameter[] {
  return list.split(',').map((parameter) => {
    if (parameter.includes('*')) return /\bconst\b/.test(parameter) ? 'buffer' : 'output';
    return /\bfloat\b/.test(parameter) ? 'float' : 'int';
  });
}

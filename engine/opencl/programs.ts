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

/** The source of a group of kernels, with what all groups share before it. */
export const sourceOf = (group: Group): string => withCommon(read(group));

/** A source with the functions of common.cl before it. It is built with GROUP. */
export const withCommon = (source: string): string => `${read('common')}\n${source}`;

const read = (name: string): string => readFileSync(new URL(`./kernels/${name}.cl`, import.meta.url), 'utf8');

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

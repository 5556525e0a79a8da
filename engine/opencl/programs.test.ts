import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Group, keyOf, parametersOf, type Source, sourceOf } from './programs.ts';

it('knows the parameters of plain kernels and of those that macros make', () => {
  const source = `
#define TWICE(NAME, EXPRESSION) \\
kernel void NAME(global const float* a, int size) { \\
  EXPRESSION; \\
}
TWICE(one, a[0])
TWICE(two, a[1])
__attribute__((reqd_work_group_size(16, 16, 1)))
kernel void three(global float* restrict out, float factor,
    int n) {}`;
  expect(Object.fromEntries(parametersOf(source))).toEqual({
    one: ['buffer', 'int'],
    two: ['buffer', 'int'],
    three: ['output', 'float', 'int'],
  });
});

it('finds every kernel of every group', () => {
  const groups = readdirSync(new URL('./kernels', import.meta.url))
    .map((file) => file.replace('.cl', ''))
    .filter((name) => name !== 'common');
  expect(groups.length).toBe(11);
  for (const group of groups) {
    const source = sourceOf(group as Group);
    // Each macro that makes kernels holds `kernel void` once itself.
    const macros = source.match(/^#define \w+\(NAME/gm)?.length ?? 0;
    const plain = (source.match(/kernel void (?!NAME)\w+/g) ?? []).length;
    const made =
      macros > 0 ? (source.match(/^(FLAT|SPREAD|UNARY|OVER_ROWS|OVER_COLUMNS)\(/gm) ?? []).length : 0;
    expect(parametersOf(source).size, group).toBe(plain + made);
  }
});

it('tells sources of one name from each other, and from a group of that name', () => {
  const source = (folder: string, ...parts: string[]): Source => ({
    name: 'select',
    folder: new URL(folder),
    parts,
  });
  const all = [source('file:///a/', 'x'), source('file:///b/', 'x'), source('file:///a/', 'x', 'y')];
  expect(new Set([...all, 'select' as const].map(keyOf)).size).toBe(4);
  expect(keyOf(source('file:///a/', 'x'))).toBe(keyOf(all[0]));
});

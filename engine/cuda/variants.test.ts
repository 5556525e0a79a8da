import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DeviceError } from '../opencl/library.ts';
import { parametersOf, sourceOf } from '../opencl/programs.ts';
import { FOLDER, fileOf, headOf, ptxOf, VARIANTS, variantOf } from './variants.ts';

const TYPES = { buffer: 'u64', output: 'u64', int: 'u32', float: 'f32' } as const;

/** What each visible entry of a PTX declares, by its name. */
function declaredIn(ptx: string): Record<string, string[]> {
  const entries = ptx.matchAll(/^\.visible \.entry (\w+)\(([^)]*)\)/gm);
  return Object.fromEntries(
    [...entries].map(([, name, list]) => [
      name,
      [...list.matchAll(/\.param \.(\w+) /g)].map(([, type]) => type),
    ]),
  );
}

describe.each(VARIANTS.map((variant) => [fileOf(variant), variant] as const))('%s', (file, variant) => {
  const ptx = readFileSync(new URL(file, FOLDER), 'utf8');

  // Where it fails: npm run build:ptx.
  it('is built from the sources as they are', () => {
    expect(ptx.split('\n', 1)[0]).toBe(headOf(variant));
  });

  it('declares the parameters that its source has, and needs nothing else', () => {
    const wanted = [...parametersOf(sourceOf(variant.group))].map(([name, parameters]) => [
      name,
      parameters.map((parameter) => TYPES[parameter]),
    ]);
    expect(declaredIn(ptx)).toEqual(Object.fromEntries(wanted));
    // Functions of others, and shared memory that a launch would have to ask for.
    expect(ptx).not.toMatch(/^\.extern/m);
  });

  it('says how each sum and product is rounded, so that the assembler joins none', () => {
    expect(ptx).not.toMatch(/\b(add|sub|mul|mad|fma|div|sqrt)(\.ftz|\.sat|\.approx|\.full)*\.f(32|64)\b/);
  });
});

it('there is no other PTX', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(VARIANTS.map(fileOf).sort());
});

it('a launch gets what was built for its macros, and one line where nothing was', () => {
  const sparse = variantOf('sparse', '-D VECTOR=4', 256);
  expect(sparse).toEqual({ group: 'sparse', macros: ['GROUP=256', 'VECTOR=4'] });
  expect(ptxOf(sparse)).toContain('.entry dots_at(');
  const other = () => ptxOf(variantOf('sparse', '-D VECTOR=4', 128));
  expect(other).toThrow(DeviceError);
  expect(other).toThrow(/^no PTX of sparse for GROUP=128 VECTOR=4: .*npm run build:ptx builds$/);
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parametersOf, sourceOf } from '../../opencl/programs.ts';
import { fileOf, folderOf, headOf, type Variant } from '../variants.ts';

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

/** Tests that the PTX of these variants, which share a folder, is that of its sources, and safe to load. */
export function holdsPtx(variants: readonly Variant[]): void {
  const folder = folderOf(variants[0].of);
  describe.each(variants.map((variant) => [fileOf(variant), variant] as const))('%s', (file, variant) => {
    const ptx = readFileSync(new URL(file, folder), 'utf8');

    // Where it fails: npm run build:ptx.
    it('is built from the sources as they are', () => {
      expect(ptx.split('\n', 1)[0]).toBe(headOf(variant));
    });

    it('declares the parameters that its source has, and needs nothing else', () => {
      const wanted = [...parametersOf(sourceOf(variant.of))].map(([name, parameters]) => [
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
    expect(readdirSync(folder).sort()).toEqual(variants.map(fileOf).sort());
  });
}

import { expect, it } from 'vitest';
import type { Blas } from './dense-product.ts';
import { findLibrary, libraryHere } from './library.ts';

const library = (label: string): Blas => ({ label, instead: null, multiply: () => {} });
const here = { openblas: () => library('OpenBLAS'), onnx: () => library('ONNX') };
const nothing = { openblas: () => null, onnx: () => null };

it('prefers OpenBLAS, then ONNX Runtime, then none', () => {
  expect(findLibrary(1, 'auto', here)?.label).toBe('OpenBLAS');
  expect(findLibrary(1, 'auto', { ...here, openblas: () => null })?.label).toBe('ONNX');
  expect(findLibrary(1, 'auto', nothing)).toBeNull();
  expect(findLibrary(1, 'off', here)).toBeNull();
  expect(findLibrary(1, 'amx', here)).toBeNull();
});

it('takes the one that is named, or says how to install it', () => {
  expect(findLibrary(1, 'onnx', here)?.label).toBe('ONNX');
  expect(() => findLibrary(1, 'onnx', nothing)).toThrow('not installed here: npm run setup:onnx');
  expect(() => findLibrary(1, 'openblas', nothing)).toThrow('libopenblas0-pthread');
  expect(() => findLibrary(1, 'mkl', here)).toThrow(
    'ENGINE_BLAS=mkl: must be one of auto, amx, openblas, onnx, off',
  );
});

it('names the one that is here', () => {
  expect(libraryHere(here)).toBe('openblas');
  expect(libraryHere({ ...here, openblas: () => null })).toBe('onnx');
  expect(libraryHere(nothing)).toBeNull();
});

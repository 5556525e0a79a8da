import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { UserError } from '#contract/errors';
import { readCpuinfo } from '../embedded/processor.ts';
import { isInstalled } from '../packages.ts';
import { chooseLevel, LEVELS, type Level, levelsOf } from './levels.ts';
import { libraryOf } from './sources.ts';

/** A library of kernels in C that is loaded. */
export interface Native {
  /** The instructions that it uses, for a person: "AVX-512". */
  label: string;
  level: Level;
  /** The file, by which another thread loads the same library. */
  path: string;
  /** A function of it, by its declaration: "void add(float *, int)". Typed arrays go as their addresses. */
  func(declaration: string): (...parameters: unknown[]) => unknown;
}

/**
 * Loads the library of a source in C, the one for the widest instructions that the processor has or that
 * ENGINE_NATIVE names; null where there is none that fits this machine or `off` is asked for: kernels in
 * WebAssembly do the work then.
 * @throws UserError for an unknown value, and where the level that it names cannot be used here
 */
export function openNative(source: URL, how: string = process.env.ENGINE_NATIVE ?? 'auto'): Native | null {
  const isHere = process.platform === 'linux' && process.arch === 'x64';
  const level = chooseLevel(how, isHere ? levelsOf(readCpuinfo()) : []);
  if (level === null) return null;
  const path = libraryOf(fileURLToPath(source), level);
  try {
    if (!isInstalled('koffi')) throw new Error('the package koffi is not installed');
    if (!existsSync(path)) throw new Error(`there is no ${path}`);
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(path);
    return { label: LEVELS[level].label, level, path, func: (declaration) => library.func(declaration) };
  } catch (error) {
    if (how === 'auto') return null;
    throw new UserError(`ENGINE_NATIVE=${how}: ${(error as Error).message.split('\n')[0]}`);
  }
}

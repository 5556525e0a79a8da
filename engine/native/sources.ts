import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LEVELS, type Level } from './levels.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');

/**
 * Folders of this name have kernels in C: each `<name>.c` is built into `<name>-x64-<level>.so` beside it.
 */
const FOLDER = 'native';

/** The sources below these folders, as absolute paths. */
export function sourcesIn(folders: readonly string[] = ['engine', 'bench']): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(root, folder, name),
      ),
    )
    .filter((file) => file.endsWith('.c') && basename(dirname(file)) === FOLDER)
    .sort();
}

export const libraryOf = (source: string, level: Level): string => source.replace(/\.c$/, `-x64-${level}.so`);

/**
 * What clang is told. No library of C is there: the same file then loads beside glibc and beside musl.
 * Products and sums are joined where the source says so and nowhere else, so that their bits are known.
 */
export const compilerWords = (level: Level): string[] => [
  ...['--target=x86_64-linux-gnu', '-std=c17', '-O3', '-Wall', '-Wextra', '-Werror'],
  ...[
    '-ffreestanding',
    '-fno-builtin',
    '-fno-math-errno',
    '-fno-strict-aliasing',
    '-ffp-contract=off',
    '-fvisibility=hidden',
  ],
  ...['-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fno-ident'],
  ...['-fPIC', '-shared', '-nostdlib', '-s', '-Wl,-z,defs', '-Wl,--build-id=none', '-I', '.'],
  ...LEVELS[level].words,
];

/**
 * A digest of the source, of the headers and sources beside it and here, and of the compiler's words. Each
 * library has it as text, so that a library of older sources is noticed without a compiler.
 */
export function digestOf(source: string, level: Level): string {
  const hash = createHash('sha256').update(JSON.stringify([basename(source), ...compilerWords(level)]));
  for (const folder of new Set([dirname(source), here])) {
    for (const name of readdirSync(folder).sort()) {
      if (/\.[ch]$/.test(name)) hash.update(`\n${name}\n`).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest('hex');
}

/** The folder of headers that all sources may include. */
export const HEADERS = here;

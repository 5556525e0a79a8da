// Builds the kernels in C as libraries for each set of instructions: by clang-16 and the linker of binutils.
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parsed, program } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { compile } from './compile.ts';
import { levels } from './levels.ts';
import { libraryOf, sourcesIn } from './sources.ts';

const command = program(
  'npm run build:native --',
  'Builds the kernels in C of engine/ and bench/ as shared libraries beside their sources.',
)
  .option('--out <folder>', 'write all of them there instead')
  .addHelpText('after', '\nExample:\n  apt-get install clang-16 binutils\n  npm run build:native');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { out } = command.opts<{ out?: string }>();
  if (out !== undefined) mkdirSync(out, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'native-'));
  try {
    for (const source of sourcesIn()) {
      for (const level of levels) {
        const library = libraryOf(source, level);
        const built = join(scratch, basename(library));
        compile(source, built, level);
        const to = out === undefined ? library : join(out, basename(library));
        // Replaced whole: a process that has the old one open keeps it.
        copyFileSync(built, `${to}.new`);
        renameSync(`${to}.new`, to);
        process.stdout.write(`${to}: ${statSync(to).size} bytes\n`);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return 0;
});

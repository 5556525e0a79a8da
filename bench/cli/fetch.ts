// Downloads the released model synth-sae-bench-16k-v1 (52 MB) and checks its hashes.
//   npm run fetch
//   npm run fetch -- --from ~/Downloads/synth-sae-bench-16k-v1

import { parsed, program } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { fetchReleased, importReleased } from '../hub/fetch.ts';
import { locateReleased, RELEASED_FOLDER, verifyReleased } from '../hub/released.ts';

interface Options {
  dir?: string;
  from?: string;
}

/** Prints one line per file and tenth, which is readable in a log too. */
function progress(): (file: string, bytes: number, of: number) => void {
  let last = '';
  return (file, bytes, of) => {
    const line = `${file}: ${Math.floor((10 * bytes) / of) * 10} % of ${(of / 1e6).toFixed(1)} MB`;
    if (line !== last) process.stderr.write(`${line}\n`);
    last = line;
  };
}

await runMain(async () => {
  const command = parsed(
    program('npm run fetch --', 'Downloads the released model synth-sae-bench-16k-v1 and checks its hashes.')
      .option('--dir <folder>', 'copy the files into this folder; name it in WORLD_DIR')
      .option(
        '--from <folder>',
        'copy the three files from this folder instead of downloading them (into state/worlds/synth-16k)',
      )
      .addHelpText(
        'after',
        '\nHF_ENDPOINT names a mirror (its user and password are not printed), HF_HOME or HF_HUB_CACHE another cache,' +
          ' HF_TOKEN a token for the mirror, HTTPS_PROXY a proxy. All variables: bench/hub/README.md.' +
          '\n\nExamples:\n  npm run fetch\n  npm run fetch -- --from ~/Downloads/synth-sae-bench-16k-v1\n  HF_ENDPOINT=https://mirror.example npm run fetch',
      ),
  );
  if (!command) return 0;
  const { dir, from } = command.opts<Options>();
  process.stdout.write(`${await bring(dir, from)}: the released model, hashes checked\n`);
  return 0;
});

/** Puts the files in place and returns their folder. */
async function bring(dir: string | undefined, from: string | undefined): Promise<string> {
  if (from) {
    const to = dir ?? RELEASED_FOLDER;
    importReleased(from, to);
    return to;
  }
  const here = dir ? null : locateReleased();
  if (here) {
    verifyReleased(here);
    return here;
  }
  const fetched = await fetchReleased({
    onProgress: progress(),
    onNote: (line) => process.stderr.write(`${line}\n`),
  });
  // Where WORLD_DIR is set, no other place is searched for the files.
  const to = dir ?? (process.env.WORLD_DIR || fetched);
  if (to !== fetched) importReleased(fetched, to);
  return to;
}

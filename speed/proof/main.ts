// Proves a GPU: which backends compute the right numbers here, and how fast they train.
//   npm run gpu:proof
//   npm run gpu:proof -- --minutes 8
//   npm run gpu:proof -- --full --backend opencl
import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '#contract/atomic';
import { above0, parsed, program, several, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { startWorking } from '#contract/working';
import { backendNames } from '#engine/backend';
import { machine } from '#host/machine';
import { findSaelens } from '#host/saelens';
import { makeWritable } from '#host/writable';
import { fasterDrawn } from './answers.ts';
import { PUBLISHED } from './bands.ts';
import { runPart } from './child.ts';
import { claimsOf } from './claims.ts';
import { pageOf } from './page.ts';
import { passed, prove } from './proof.ts';

interface Options {
  minutes?: number;
  full?: boolean;
  backend: string[];
  samples?: number;
  out: string;
}

const REPOSITORY = join(import.meta.dirname, '..', '..');
/** A full run of the small world. */
const SMALL_SAMPLES = 2_048_000;
const NO_LIMIT = 24 * 3600;

const command = program(
  'npm run gpu:proof --',
  'Proves the GPU of this machine: golden steps, milliseconds by part, data, and with --full a whole run beside the published bands.',
)
  .option(
    '--minutes <n>',
    'begin no part that would last longer; the parts of most worth come first',
    above0('minutes'),
  )
  .option('--full', 'also train the default recipe to its end and judge it')
  .option('--samples <n>', 'training samples of that run (default: those of the published one)', whole(1))
  .option('--backend <name>', 'only this backend (repeatable; default: all)', several, [])
  .option('--out <folder>', 'where proof.json and proof.md are written', 'state/gpu-proof')
  .addHelpText(
    'after',
    `
Examples:
  npm run gpu:proof -- --minutes 8     # what matters most in eight minutes
  npm run gpu:proof -- --full          # with a whole run: minutes on a fast card, hours on a processor
Both files are written again after each part. A part that fails costs only itself.
Exit codes: 0 a backend on a GPU passed its golden step · 1 none did · 2 bad input.`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { minutes, full = false, backend: backends, samples, out } = command.opts<Options>();
  const unknown = backends.find((name) => !backendNames.includes(name));
  if (unknown !== undefined)
    throw new UserError(
      `--backend ${unknown}: there is no such backend; there are: ${backendNames.join(', ')}`,
    );
  makeWritable('--out', out);
  const about = { machine: machine(), startedAt: new Date().toISOString(), minutes: minutes ?? null };
  const wish = {
    ...{ backends, full, peer: findSaelens(REPOSITORY) !== null },
    samples: { full: samples ?? PUBLISHED.samples, small: samples ?? SMALL_SAMPLES },
  };
  const done = await prove(wish, minutes === undefined ? NO_LIMIT : minutes * 60, {
    async run(part, seconds) {
      const work = startWorking(part.id);
      const outcome = await runPart(part.asked, { seconds });
      work.end();
      say(`${part.id}: ${'reason' in outcome ? outcome.reason : 'done'}`);
      return outcome;
    },
    now: () => performance.now(),
    drawn: fasterDrawn,
    write(done, left) {
      const claims = claimsOf(done, wish.peer);
      writeJsonAtomic(join(out, 'proof.json'), {
        ...{ version: 1, ...about, hasPeer: wish.peer },
        ...{ claims, parts: done },
      });
      writeFileAtomic(join(out, 'proof.md'), pageOf({ ...about, hasPeer: wish.peer }, done, left));
    },
  });
  say(`the page: ${join(out, 'proof.md')}; the numbers: ${join(out, 'proof.json')}`);
  return passed(done).some(({ gpu }) => gpu) ? 0 : 1;
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

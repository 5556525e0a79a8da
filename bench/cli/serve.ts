// The data service: activations x of a world, and nothing else, on standard output.
//   npm run --silent serve -- --profile small --seed 0 --rows 1000000 > /tmp/stream
//   npm run --silent serve -- --world synth-16k --seed 0 --from 1000
import { writeSync } from 'node:fs';
import { runMain } from '#contract/errors';
import { Sampler } from '../sampler/sampler.ts';
import { StreamWriter } from '../stream/writer.ts';
import { openWorld, profileWorld } from '../worlds.ts';
import { integer, parsed, program } from './program.ts';

interface Options {
  profile: string;
  world?: string;
  seed: number;
  from: number;
  rows?: number;
  batch: number;
}

const REPORT_MS = 1000;

/** Standard error carries JSON lines; the last tells what was served, also where the end came without warning. */
function report(writer: StreamWriter): void {
  writeSync(2, `${JSON.stringify({ served: { rows: writer.rows, batches: writer.frames } })}\n`);
}

function building(step: number, of: number): void {
  if (step % 10 === 0) writeSync(2, `${JSON.stringify({ building: { step, of } })}\n`);
}

await runMain(async () => {
  const command = parsed(
    program('serve', 'Streams activations of a world to standard output (format: contract/stream.ts).')
      .option('--profile <name>', 'profile of TASK.md whose world is served', 'small')
      .option('--world <name>', 'a world by name, config (.json) or folder, in place of a profile')
      .option('--seed <n>', 'seed of the samples', integer(0), 0)
      .option('--from <batch>', 'index of the first batch', integer(0), 0)
      .option('--rows <n>', 'rows to serve (default: until the reader goes)', integer(1))
      .option('--batch <rows>', 'rows of a batch', integer(1), 1024)
      .addHelpText('after', '\nExample:\n  serve --profile small --seed 0 --rows 100000 | head -c 16 | xxd'),
  );
  if (!command) return 0;
  const options = command.opts<Options>();
  const { world } = await openWorld(options.world ?? profileWorld(options.profile).world, building);
  const sampler = new Sampler(world, options.seed, 'train');
  const writer = new StreamWriter(1, world.hiddenDim, options.batch);
  let reported = performance.now();
  try {
    for (let left = options.rows ?? Number.POSITIVE_INFINITY, index = options.from; left > 0; index++) {
      const rows = Math.min(left, options.batch);
      sampler.sample(index, rows, writer.batch);
      writer.send(rows, index);
      left -= rows;
      if (performance.now() - reported > REPORT_MS) {
        report(writer);
        reported = performance.now();
      }
    }
  } catch (error) {
    // The reader has what it wanted.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
  report(writer);
  return 0;
});

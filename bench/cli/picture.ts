// Draws the picture of bench/README.md from samples of a world.
//   npm run bench:picture
//   npm run bench:picture -- --world synth-16k --out /tmp/16k.svg
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import { parsed, program } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { drawWorld } from '../picture/draw.ts';
import { worldFacts } from '../picture/facts.ts';
import { openWorld } from '../worlds.ts';
import { sayBuilding } from './building.ts';

/** Rows of the picture in the README. */
const ROWS = 50_000;

await runMain(async () => {
  const command = parsed(
    program(
      'npm run bench:picture --',
      'Draws firing rates, the L0 histogram and a tree of a world, from real samples.',
    )
      .option('--world <world>', 'name, config (.json) or folder', 'small')
      .option(
        '--out <file>',
        'the SVG file to write',
        join(import.meta.dirname, '..', 'picture', 'world.svg'),
      )
      .addHelpText(
        'after',
        '\nExamples:\n  npm run bench:picture\n  npm run bench:picture -- --world synth-16k --out /tmp/16k.svg',
      ),
  );
  if (!command) return 0;
  const { world: name, out } = command.opts<{ world: string; out: string }>();
  const { world } = await openWorld(name, sayBuilding(name));
  writeFileAtomic(out, await drawWorld(worldFacts(world, ROWS)));
  process.stdout.write(`${out}\n`);
  return 0;
});

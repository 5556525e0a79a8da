// Draws a secret world of a profile's kind into a folder, from a key on standard input:
//   node --import tsx bench/cli/draw-world.ts --profile small --draw 0 --out FOLDER < key

import { mkdirSync, readFileSync } from 'node:fs';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { buildSecretWorld } from '../world/build.ts';
import { saveWorld } from '../world/store.ts';
import { isRowsWorld, profileWorld, worldConfig } from '../worlds.ts';
import { sayBuilding } from './building.ts';
import { print } from './program.ts';

interface Options {
  profile: string;
  draw: number;
  out: string;
}

await runMain(async () => {
  const command = parsed(
    program(
      'draw-world',
      'Draws a world of the kind of a profile’s from a key of at least 128 bits, in hex on standard input, and prints its hash. For a folder of activations: other rows of it that are held out.',
    )
      .requiredOption('--profile <name>', 'profile of TASK.md whose kind of world it is')
      .requiredOption('--out <folder>', 'the folder to write the world to, readable by this user alone')
      .option('--draw <n>', 'which of the worlds of this key', whole(0), 0)
      .addHelpText(
        'after',
        '\nExample:\n  openssl rand -hex 32 | node --import tsx bench/cli/draw-world.ts --profile small --out /tmp/world',
      ),
  );
  if (!command) return 0;
  const { profile, draw, out } = command.opts<Options>();
  // Neither an argument nor a variable: both can be read by others on the machine.
  const text = readFileSync(0, 'utf8').trim();
  if (!/^([0-9a-f]{2}){16,64}$/.test(text))
    throw new UserError('standard input: must be a key of 16 to 64 bytes in hex');
  const { world: name } = profileWorld(profile);
  const key = Buffer.from(text, 'hex');
  if (isRowsWorld(name)) {
    const { writeSecretPart } = await import('../activations/world.ts');
    print(`${JSON.stringify({ hash: writeSecretPart(name, key, draw, out) })}\n`);
    return 0;
  }
  const config = worldConfig(name);
  const onStep = sayBuilding(name);
  const of = config.orthogonalization?.num_steps ?? 0;
  const world = await buildSecretWorld(config, key, draw, (step) => onStep(step, of));
  mkdirSync(out, { recursive: true, mode: 0o700 });
  saveWorld(out, world);
  print(`${JSON.stringify({ hash: world.hash })}\n`);
  return 0;
});

// Whether this machine can run a profile: exit code 0, or 1 and one line that says what is missing.
//   node --import tsx bench/cli/ready.ts --profile 16k

import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { gpuBackend } from '../gpu.ts';
import { fetchReleased } from '../hub/fetch.ts';
import { locateReleased, verifyReleased } from '../hub/released.ts';
import { isRowsWorld, profileWorld, worldConfig } from '../worlds.ts';

/** A full run on a world with at least this many features takes days on a CPU. */
const NEEDS_GPU = 4096;

/** One try with a short timeout, so that a missing connection is reported soon. */
const IMPATIENT = { attempts: 1, contactMs: 1500 };

await runMain(async () => {
  const command = parsed(
    program(
      'ready',
      'Exits with 0 if this machine can run the profile; otherwise prints what is missing and exits with 1. Downloads the released model if only that is missing.',
    )
      .requiredOption('--profile <name>', 'profile of TASK.md')
      .addHelpText(
        'after',
        '\nExample:\n  ready --profile 16k && npm run train -- baseline_batchtopk --profile 16k',
      ),
  );
  if (!command) return 0;
  const { profile } = command.opts<{ profile: string }>();
  try {
    const { world } = profileWorld(profile);
    if (isRowsWorld(world)) {
      const { openRowsWorld } = await import('../activations/world.ts');
      const { probedLabels } = await import('../activations/labels.ts');
      const { folder, activations, split } = openRowsWorld(world);
      // What a judge needs of it: without that, runs are trained that nothing can be said of.
      probedLabels(folder, activations, split);
      return 0;
    }
    const released = world === 'synth-16k';
    if (released || worldConfig(world).num_features >= NEEDS_GPU) {
      const gpu = await gpuBackend();
      if ('none' in gpu) throw new UserError(`it needs a GPU: ${gpu.none}`);
    }
    if (released) {
      const dir = locateReleased();
      if (dir) verifyReleased(dir);
      else await fetchReleased(IMPATIENT);
    }
    worldConfig(world);
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stdout.write(`${error.message}\n`);
    return 1;
  }
});

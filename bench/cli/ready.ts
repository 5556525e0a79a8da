// Whether this machine can run a profile: exit code 0, or 1 and one line that says what is missing.
//   node --import tsx bench/cli/ready.ts --profile 16k
import { runMain } from '#contract/errors';
import { backendNames } from '#engine/backend';
import { profileWorld, worldConfig } from '../worlds.ts';
import { parsed, print, program } from './program.ts';

/** From this many features on a counting run takes days on a CPU. */
const NEEDS_GPU = 4096;

await runMain(async () => {
  const command = parsed(
    program(
      'ready',
      'Exits 0 where this machine can run the profile, else prints what is missing.',
    ).requiredOption('--profile <name>', 'profile of TASK.md'),
  );
  if (!command) return 0;
  const { profile } = command.opts<{ profile: string }>();
  const missing: string[] = [];
  try {
    const { num_features } = worldConfig(profileWorld(profile).world);
    const backends: readonly string[] = backendNames;
    const onGpu = backends.some((name) => name.includes('gpu'));
    if (num_features >= NEEDS_GPU && !onGpu) {
      missing.push(`it needs a GPU, and the engine has no GPU backend yet (${backends.join(', ')})`);
    }
  } catch (error) {
    missing.push((error as Error).message);
  }
  if (missing.length === 0) return 0;
  print(`profile ${profile}: ${missing.join('; ')}\n`);
  return 1;
});

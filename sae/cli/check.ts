import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { runMain, UserError } from '#contract/errors';
import { openBackend } from '#engine/backend';
import { exerciseAll } from '../check/exercise.ts';
import { checkTypes } from '../check/types.ts';
import { parseArguments } from './arguments.ts';

const program = new Command('npm run check:sae')
  .description('Whether the workspace is sound: types, golden step, every experiment for a few steps.')
  .addHelpText('after', '\nExample:\n  npm run check:sae');

await runMain(async () => {
  if (!parseArguments(program)) return 0;
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'sae-check-'));
  try {
    const typed = await checkTypes(join(import.meta.dirname, '..'));
    const backend = await openBackend();
    const count = await exerciseAll(folder);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      `sae: ${typed}, ${backend.label}, ${count} experiments train and encode (${seconds} s)\n`,
    );
  } catch (error) {
    // Whatever it is, it is the workspace's: one line, and 1.
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(reason, 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
});

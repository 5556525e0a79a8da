import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { openBackend } from '#engine/backend';
import { type ExportTry, exercise } from '../check/exercise.ts';
import { checkTypes } from '../check/types.ts';

const command = program(
  'npm run check:sae --',
  'Checks the workspace: types, golden step, then experiments for three steps each.',
)
  .argument('[experiment...]', 'check these experiments only; all if none is named')
  .addHelpText('after', '\nExamples:\n  npm run check:sae\n  npm run check:sae -- candidate');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'sae-check-'));
  try {
    const typed = await checkTypes(join(import.meta.dirname, '..'));
    const backend = await openBackend();
    const { count, exports, silent } = await exercise(folder, command.args);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`sae: ${typed}, ${backend.label}, ${counted(count)} (${seconds} s)\n`);
    for (const name of silent)
      process.stdout.write(
        `${name}: no latent fires in the steps of this check, on rows uniform in ±2: is a threshold too high?\n`,
      );
    for (const [architecture, tried] of exports) {
      const line = exportLine(architecture, tried, command.args.length > 0);
      if (line !== null) process.stdout.write(`${line}\n`);
    }
  } catch (error) {
    // Any error is one of the workspace: one line, exit code 1.
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(reason, 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
});

/** What will be exported: told where it would be refused, and for experiments that were named. */
function exportLine(architecture: string, tried: ExportTry, isNamed: boolean): string | null {
  if ('refused' in tried) return `npm run export would refuse ${architecture}: ${tried.refused}`;
  if (!isNamed) return null;
  if (tried.loads) return `${architecture} is exported as SAELens' ${tried.architecture}`;
  const python = tried.files.includes('encode.py')
    ? ''
    : `; its encoder in Python, sae/architectures/${architecture}.py, is missing`;
  const compared = tried.checked ? '' : ', not compared here';
  return `${architecture} is exported as ${tried.architecture}, which SAELens lacks${compared}${python}`;
}

function counted(count: number): string {
  return count === 1 ? '1 experiment trains and encodes' : `${count} experiments train and encode`;
}

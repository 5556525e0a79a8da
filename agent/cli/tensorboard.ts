import { relative, resolve } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import { makeWritable } from '#host/writable';
import { sprintsDir, tensorboardDir } from '../common/paths.ts';
import { count } from '../common/words.ts';
import { idOf } from '../ledger/folder-of.ts';
import { readSprints } from '../ledger/ledger.ts';
import { runLogs, writeEventFile } from '../tensorboard/finished.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run tensorboard --',
  'Writes event files for TensorBoard of runs that are there: losses, snapshots, verdict and settings. The loop writes them itself with --tensorboard.',
)
  .argument(
    '[run...]',
    'ids, folders, words that only one id has, or best; default: all runs of this checkout and of its sprints',
  )
  .option('--out <dir>', 'folder to write to; default: reports/tensorboard')
  .addHelpText(
    'after',
    `
Examples:
  npm run tensorboard
  npm run tensorboard -- 2026-02-19--10-37-12-wider-s0 --out /tmp/curves
  pip install tensorboard && tensorboard --logdir reports/tensorboard`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  const asked = new Set(command.args.map((run) => idOf(run, repo)));
  const out = resolve(command.opts<{ out?: string }>().out ?? tensorboardDir(repo));
  let written = 0;
  for (const of of runLogs(repo, readSprints(sprintsDir(repo)))) {
    if (command.args.length > 0 && !asked.delete(of.facts.id)) continue;
    if (written === 0) makeWritable('--out', out);
    writeEventFile(out, of);
    written++;
  }
  const [missing] = asked;
  if (missing !== undefined)
    throw new UserError(`${missing}: no such run in checkpoints/ or in a sprint of this checkout`);
  if (written === 0) throw new UserError('there are no runs here yet; start the loop, or npm run train');
  const folder = relative(repo, out).startsWith('..') ? out : relative(repo, out);
  process.stdout.write(`${count(written, 'run')} in ${folder}; look: tensorboard --logdir ${folder}\n`);
  return 0;
});

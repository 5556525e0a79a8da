// Holds this project to SAELens itself: what each saves, loads and measures, and with --train what each
// learns. Uses the Python that SAELENS_PYTHON names or the one of an earlier call, or makes an environment.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parsed, program, whole } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { findSaelens, pythonEnv, saelensVenv } from '#host/saelens';
import { root } from '../import-graph.ts';
import { makeVenv } from './venv.ts';

/** As test runners elsewhere say that nothing was tested. */
const SKIPPED = 77;
/** The tests that need SAELens, as parts of their paths. */
const TESTS = ['sae/saelens/saelens.', 'test/saelens/', 'speed/peer/'];

const command = program('npm run test:saelens --', 'Holds this project to SAELens itself.')
  .option('--train [seeds]', 'also train the recipes there and here, on so many seeds (3)', whole(1))
  .option(
    '--keep <folder>',
    'keep what each of these runs gave, and use what is there: a call that was cut off goes on. For one state of the code',
  )
  .option('--no-install', 'make no Python environment')
  .addHelpText(
    'after',
    `
Exit code ${SKIPPED}: there is no SAELens here, and none could be installed.
Examples:
  npm run test:saelens                 minutes; the first time it installs sae-lens into state/saelens
  npm run test:saelens -- --train      a quarter of an hour on two cores
  npm run test:saelens -- --train --keep /tmp/learned    the same, as often as it is cut off
  SAELENS_PYTHON=/path/to/python npm run test:saelens`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { train, keep, install } = command.opts<{ train?: true | number; keep?: string; install: boolean }>();
  if (keep !== undefined && train === undefined) throw new UserError('--keep is for the runs of --train');
  const named = process.env.SAELENS_PYTHON;
  let python = findSaelens(root);
  let why = named ? `${named} has no sae-lens` : 'no Python here has sae-lens';
  if (python === null && !named && install) {
    why = makeVenv(saelensVenv(root)) ?? why;
    python = findSaelens(root);
  }
  if (python === null) {
    process.stdout.write(`SKIP: not held to SAELens: ${why}\n`);
    return SKIPPED;
  }
  const seeds = train === true ? 3 : (train ?? 0);
  const { status } = spawnSync(process.execPath, ['--import', './host/start.mjs', 'test/run.ts', ...TESTS], {
    cwd: root,
    stdio: 'inherit',
    env: pythonEnv({
      SAELENS_PYTHON: python,
      SAELENS_TRAIN: String(seeds),
      ...(keep && { SAELENS_KEEP: resolve(keep) }),
    }),
  });
  return status ?? 1;
});

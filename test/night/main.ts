// Rehearses a whole night of the loop (rehearsal.ts).
//   npm run test:night              a new night each time; prints its seed
//   SEED=7 npm run test:night       repeat that night; KEEP_TMP=1 keeps its folders
import { parsed, program } from '#agent/cli/arguments';
import { runMain } from '#contract/errors';

const command = program(
  'npm run test:night --',
  'Rehearses a night of more than twenty sprints with some ninety faults of sixty kinds, through the real command line, sandbox, HTTP and bills; some minutes. Exit code 1 if anything is wrong.',
).addHelpText(
  'after',
  '\nExamples:\n  npm run test:night              a new night each time; prints its seed\n  SEED=7 npm run test:night       repeat that night\n  KEEP_TMP=1 npm run test:night   keep its folders',
);

await runMain(async () => {
  if (!parsed(command)) return 0;
  // rehearsal.ts sets the exit code itself. It runs when it is imported: it sets TMPDIR before other modules
  // load.
  await import('./rehearsal.ts');
  return undefined;
});

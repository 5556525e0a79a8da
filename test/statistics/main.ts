// Simulates nights by the rule of docs/statistics.md, with the noise of each profile of TASK.md:
//   npm run test:statistics
import { randomFrom } from '#agent/fixtures/random';
import { simulate } from '#agent/ledger/confirm-simulation';
import { parsed, program, whole } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { budgetOf, noiseOf } from '#contract/noise';
import { profileOf, readTask, type Task } from '#contract/task';

/** The true gains that are tried, in deviations of a pair. */
const GAINS = [0.5, 1, 1.5, 2, 3];

const command = program(
  'npm run test:statistics --',
  'Simulates nights by the rule of docs/statistics.md, with the noise of each profile of TASK.md: how often a candidate that is worth what the best is worth becomes the best, and how often a true gain is confirmed.',
)
  .option('--nights <n>', 'simulated nights for each number', whole(1), 4000)
  .addHelpText(
    'after',
    '\nExamples:\n  npm run test:statistics\n  npm run test:statistics -- --nights 20000',
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { nights } = command.opts<{ nights: number }>();
  const task = readTask('TASK.md');
  for (const name of Object.keys(task.contract.profiles))
    process.stdout.write(
      linesOf(task, name, nights)
        .map((line) => `${line}\n`)
        .join(''),
    );
  return 0;
});

/** The error rates in a profile; none where it confirms nothing. */
function linesOf(task: Task, name: string, nights: number): string[] {
  const { confirm, staged, budgets } = profileOf(task, name);
  if (confirm === false) return [];
  const noise = noiseOf(task, name);
  const budget = budgetOf(budgets, confirm.samples ?? budgets.full);
  const world = { ...noise.unlike[budget], noise: staged ? 0 : noise.full, looks: confirm.looks };
  const random = randomFrom(1);
  const night = { ...world, candidates: 30, gain: 0, nth: 1 };
  const fresh = simulate({ ...night, kept: false }, nights, random);
  const kept = simulate({ ...night, kept: true }, nights, random);
  const gains = GAINS.map((deviations) => {
    const gain = deviations * world.deviation;
    const [first, last] = [1, 30].map((nth) =>
      simulate({ ...world, candidates: 1, gain, nth, kept: true }, nights, random),
    );
    return `a true gain of ${gain.toFixed(4)} (${deviations} deviations): confirmed in ${percent(first?.confirmed ?? 0)}, as the 30th candidate in ${percent(last?.confirmed ?? 0)}; ${first?.pairs.toFixed(1)} pairs`;
  });
  return [
    '',
    `${name}: a pair deviates by ${world.deviation} (${world.df} degrees of freedom), looks ${confirm.looks}`,
    `30 equal candidates: a false best in ${percent(kept.confirmed)} of nights (${percent(fresh.confirmed)} where the best is measured anew each time), ${kept.pairs.toFixed(1)} pairs each`,
    ...gains,
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

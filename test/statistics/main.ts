// Simulates nights by the rule of docs/statistics.md, with the noise of each profile of TASK.md:
//   npm run test:statistics
import { randomFrom } from '#agent/fixtures/random';
import type { ConfirmRule } from '#agent/ledger/confirm-rule';
import { type Night, simulate } from '#agent/ledger/confirm-simulation';
import { MOST_STACKED } from '#agent/ledger/stack';
import { simulateStacks } from '#agent/ledger/stack-simulation';
import { parsed, program, whole } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { budgetOf, noiseOf } from '#contract/noise';
import { profileOf, readTask, type Task } from '#contract/task';

/** The true gains that are tried, in deviations of a pair. */
const GAINS = [0.5, 1, 1.5, 2, 3];
/** What a best loses in a run, in deviations of a pair, and in which share of its runs. */
const DRIFTS = [
  [0.5, 1],
  [1, 1],
  [2, 0.5],
  [4, 0.5],
  [6, 0.25],
] as const;
/** What the candidates of a night may be worth that are built on each other. */
const WORTHS = [-0.4, 0, 0.4];
/** A backend that does not give the same weights again. */
const UNSTEADY = 0.2;

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
  const night = { ...world, candidates: 30, gain: 0, nth: 1, known: confirm.looks[0] ?? 1 };
  const most = { ...night, known: confirm.looks.at(-1) ?? 1 };
  const random = randomFrom(1);
  const falseIn = (of: Partial<Night>, among = night) =>
    percent(simulate({ ...among, ...of }, nights, random).confirmed);
  const equal = simulate(night, nights, random);
  const gains = GAINS.map((deviations) => {
    const gain = deviations * world.deviation;
    const [first, last] = [1, 30].map((nth) =>
      simulate({ ...night, candidates: 1, gain, nth }, nights, random),
    );
    return `a true gain of ${gain.toFixed(4)} (${deviations} deviations): confirmed in ${percent(first?.confirmed ?? 0)}, as the 30th candidate in ${percent(last?.confirmed ?? 0)}; ${first?.pairs.toFixed(1)} pairs, ${first?.bestRuns.toFixed(1)} runs of the best`;
  });
  const drifts = DRIFTS.map(([deviations, share]) => {
    const drift = { loss: deviations * world.deviation, share };
    return `a best that later loses ${deviations} deviations in ${percent(share)} of its runs: a false best in ${falseIn({ drift })} of nights (${falseIn({ drift, checked: false })} where it is not trained again)`;
  });
  return [
    '',
    `${name}: a pair deviates by ${world.deviation} (${world.df} degrees of freedom), looks ${confirm.looks}`,
    `30 equal candidates: a false best in ${percent(equal.confirmed)} of nights (${falseIn({}, most)} where the best is known on ${most.known} worlds), ${equal.pairs.toFixed(1)} pairs each, ${equal.bestRuns.toFixed(1)} runs of the best`,
    ...gains,
    ...drifts,
    ...stacksIn(world, nights),
    `a best whose runs on one world and seed are ${UNSTEADY} deviations of a run apart: a gain of ${world.deviation} is confirmed in ${percent(simulate({ ...night, candidates: 1, gain: world.deviation, unsteady: UNSTEADY }, nights, random).confirmed)}`,
    `luck put together by known world: a false best in ${falseIn({ composes: 'means' })} of nights (${falseIn({ composes: 'means' }, most)} with ${most.known} worlds) by the means that are shown, in ${falseIn({ composes: 'numbers' })} (${falseIn({ composes: 'numbers' }, most)}) by the numbers of each world`,
  ];
}

/** How far a night of small steps comes by the number of changes that may be stacked. */
function stacksIn(rule: Omit<ConfirmRule, 'nth'>, nights: number): string[] {
  return [0, 1, 3, MOST_STACKED, 30].map((most) => {
    const night = { ...rule, worths: WORTHS, candidates: 30, most };
    const { gained, deepest } = simulateStacks(night, Math.ceil(nights / 8), randomFrom(1));
    return `at most ${most} changes stacked: 30 steps of ${WORTHS} deviations gain ${gained.toFixed(2)} deviations, ${deepest.toFixed(1)} stacked at most`;
  });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

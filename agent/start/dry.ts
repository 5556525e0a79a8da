import type { Confirm } from '#contract/profile';
import { EXIT_CODES } from '#contract/stop';
import { guardsOf } from '#contract/task';
import { machine } from '#host/machine';
import { type CheckCost, checkWords, likelyCheck } from '../budget/check-time.ts';
import { forecast, forecastInWords } from '../budget/forecast.ts';
import { fits, paceOf, secondsFor } from '../budget/pace.ts';
import { sprintsDir } from '../common/paths.ts';
import { count, duration, plain, show } from '../common/words.ts';
import { limitsInWords } from '../config/limits.ts';
import { missingGpus, slotsHere, slotsInWords } from '../devices/slots.ts';
import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { conditionsInWords } from '../ledger/declared.ts';
import { readSprints } from '../ledger/ledger.ts';
import { type Paper, paperTroubles, readPapers } from '../papers/papers.ts';
import { OFFLINE } from '../researcher/connection.ts';
import { pricesDate } from '../researcher/prices.ts';
import { probeSpeed } from '../runs/probe.ts';
import { ignoredNew } from './ignored-new.ts';
import { numbersIn, type Origin } from './origin.ts';
import type { Plan } from './preflight.ts';

/**
 * Prints what a night would be, without running it: the contract with all defaults, the machine, its measured
 * speed, the money, and how many runs fit. Changes nothing in git. The probe's run folder is removed, also
 * where `signal` ends the probe.
 */
export async function dryRun(
  plan: Plan,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const { task, profile, profileName, limits } = plan;
  const { contract } = task;
  const { budgets } = profile;
  const rows: [string, string][] = [
    ['task', `${contract.title} (${task.path})`],
    ['researcher', plan.researcher === 'claude' ? `Claude (${plan.model})` : OFFLINE],
    ['sandbox', plan.sandbox.label],
    ['profile', `${profileName} (world ${profile.world})${plan.profileWhy ? `: ${plan.profileWhy}` : ''}`],
    ['leaderboard', plan.leaderboard],
    [
      'metric',
      `${contract.metric} (${contract.goal}), a gain counts beyond ${profile.noise.full} (${profile.noise.from})`,
    ],
    ['constraints', conditionsInWords(profile.constraints, plan.declared)],
    ['gains in', [contract.metric, ...contract.gains].join(', ')],
    ['guards', conditionsInWords(guardsOf(task, profile))],
    ['held', conditionsInWords(contract.tooGood)],
    [
      'budgets',
      `screen ${budgets.screen}, rank ${budgets.rank}, full ${budgets.full} samples${profile.staged ? '; rank and full have to be earned' : ''}`,
    ],
    ['branch', branchInWords(plan)],
    ['start', typeof plan.start === 'string' ? plan.start : startInWords(plan.start, plan)],
    ['limits', limitsInWords(limits)],
    ['money', money(plan)],
    ['machine', describeMachine()],
    [
      'at a time',
      `${count(plan.asked.researchers, 'researcher')}; ${slotsInWords(slotsHere(task), contract)}`,
    ],
  ];
  for (const [name, value] of rows) print(`${name.padEnd(12)} ${value}`);
  const ignored = ignoredNew(plan);
  if (ignored) print(`${''.padEnd(12)} ${ignored}`);
  const missing = missingGpus(slotsHere(task));
  if (missing) print(`${''.padEnd(12)} ${missing}`);
  const papers = await readPapers({ repo: plan.repo, sandbox: plan.sandbox, signal });
  if (papers.length > 0) print(`${'papers'.padEnd(12)} ${papersInShort(papers)}`);
  for (const text of paperTroubles(papers)) print(`${''.padEnd(12)} ${text}`);
  const secondsLeft = Math.min(
    (limits.until.getTime() - Date.now()) / 1000,
    limits.trainHours === null ? Number.POSITIVE_INFINITY : limits.trainHours * 3600,
  );
  const speed = await probeSpeed(
    { config: plan, sandbox: plan.sandbox, executor: new TaskExecutor() },
    secondsLeft,
    signal,
  );
  if (signal.aborted) return EXIT_CODES.interrupt;
  if (!speed) {
    print(`${'speed'.padEnd(12)} unknown: the profile names no speedProbe`);
    return 0;
  }
  print(`${'backend'.padEnd(12)} ${speed.backend ?? 'not reported by the trainer'}`);
  print(`${'speed'.padEnd(12)} ${show(speed.samplesPerSecond)} samples/s`);
  const earlier = readSprints(sprintsDir(plan.repo)).filter((s) => s.leaderboard === plan.leaderboard);
  const pace = paceOf({ mine: [], probed: speed.samplesPerSecond, earlier, secondsLeft });
  if (!pace) return 0;
  const judged = pace.judgeSeconds > 0 ? 'judging included' : 'judging not measured yet';
  for (const name of ['screen', 'rank', 'full'] as const) {
    const seconds = secondsFor(budgets[name], pace);
    print(
      `${name.padEnd(12)} ${duration(seconds)} a run, ${judged}; the time allows ${fits(budgets[name], pace)} of them`,
    );
  }
  const cost = likelyCheck(profile, pace.samplesPerSecond);
  if (cost && profile.confirm)
    print(`${'at the end'.padEnd(12)} ${checkInWords(cost, profile.confirm, secondsLeft)}`);
  return 0;
}

/** What the last best of the night will take, and whether the share of confirming has room for it. */
function checkInWords(cost: CheckCost, { share, sideBySide }: Confirm, secondsLeft: number): string {
  const need = (cost.runs * cost.each) / sideBySide;
  const most = share * secondsLeft;
  const of = `${Math.round(share * 100)}% of the night, ${duration(most)}`;
  return need <= most
    ? `${checkWords(cost, need)} are kept for measuring the best again; confirming has ${of}, in all`
    : `the best will not be measured again: that takes ${checkWords(cost, need)}, and confirming has ${of}`;
}

const papersInShort = (papers: readonly Paper[]): string =>
  `${count(papers.length, 'file')} in papers/, ${papers.filter(({ text }) => text !== null).length} given to the researcher as text`;

/** The limit, the prices, and what a sprint and the night are likely to cost. */
export function money({ claude, limits, repo, profileName, takenUp }: Plan): string {
  if (!claude) return 'none: the offline replay costs nothing';
  const { model, price, fallback, reached } = claude;
  const limit = limits.usd === null ? 'no limit (--max-usd none)' : `at most ${limits.usd} USD`;
  const second = fallback ? `, after a refusal ${fallback.model}` : '';
  const hours = (limits.until.getTime() - Date.now()) / 3.6e6;
  const like = readSprints(sprintsDir(repo)).filter(({ profile }) => profile === profileName);
  const left = limits.usd === null ? null : limits.usd - (takenUp?.usd ?? 0);
  const likely = forecastInWords(forecast(like, claude, { ...limits, usd: left }, hours));
  return `${limit}; likely ${likely}; ${model} costs ${price.input} in / ${price.output} out a million tokens (${pricesDate})${second}; by ${reached.where}`;
}

const startInWords = (origin: Origin, { task }: Plan): string =>
  [`${task.contract.workspace}/ of ${plain(origin.words)}`, numbersIn(origin, task)]
    .filter((part) => part !== '')
    .join(': ');

function branchInWords({ branch: { name, resumed, from }, start, task }: Plan): string {
  const { workspace } = task.contract;
  return resumed
    ? `${name}, continued: ${workspace}/ as it is on that branch, all other files as committed on the branch that is checked out`
    : `${name}, new: from ${from}, with ${workspace}/ ${typeof start === 'string' ? 'as it is in this checkout' : 'of an earlier night'}`;
}

function describeMachine(): string {
  const { cpu, cores, gpu, node } = machine();
  return `${cpu}, ${cores} cores, ${gpu ?? 'no GPU'}, Node ${node}`;
}

import type { Sprint } from '#contract/sprint';
import type { Bills } from './bills.ts';
import type { LoopPlan } from './plan.ts';
import type { SprintPlan } from './sprint.ts';
import type { LoopResult } from './start.ts';

const WIDTH = 120;

/** A line for each sprint: what was planned, its outcome, its cost, and its faults. */
export function sprintTable(
  plans: readonly SprintPlan[],
  sprints: readonly Sprint[],
  bills: Bills,
): string[] {
  const head = '  # story               outcome             turns   booked   billed  faults';
  const lines = sprints.flatMap(({ number, outcome, cost }) => {
    const plan = plans[number - 1];
    const start = [
      String(number).padStart(3),
      (plan?.story ?? 'never planned').padEnd(19),
      (plan?.forced ? `${outcome}, forced` : outcome).padEnd(20),
      String(cost.turns).padStart(4),
      dollars(cost.usd),
      dollars(bills.ofSprint(number)),
      '',
    ].join(' ');
    return wrapped(start, plan ? faultsOf(plan) : []);
  });
  return [head, ...lines];
}

/** A line for each loop from its start to its end. */
export function loopTable(
  loops: readonly LoopPlan[],
  results: readonly LoopResult[],
  bills: Bills,
): string[] {
  const head = 'loop         sprints kills exit  limit   booked     held   billed  ratio  ended by';
  return [
    head,
    ...results.map((result, i) => {
      const billed = bills.ofLoop(i);
      const line = [
        loops[i].name.padEnd(12),
        String(result.sprints).padStart(7),
        String(result.kills).padStart(5),
        String(result.exitCode).padStart(4),
        String(loops[i].limitUsd).padStart(6),
        ...[result.booked, result.held, billed].map(dollars),
        (result.booked / billed).toFixed(3).padStart(6),
        ` ${result.reason}`,
      ].join(' ');
      return line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line;
    }),
  ];
}

/** How often each fault happened, in two columns. */
export function faultTable(counts: ReadonlyMap<string, number>): string[] {
  const cells = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${String(times).padStart(4)}  ${name}`);
  const half = Math.ceil(cells.length / 2);
  return cells.slice(0, half).map((cell, i) => `${cell.padEnd(WIDTH / 2)}${cells[half + i] ?? ''}`);
}

/** Faults of a plan, its overload first. */
export const faultsOf = ({ disturbed, faults }: SprintPlan): string[] => [
  ...disturbed.map(({ what, times }) => (Number.isFinite(times) && times > 1 ? `${what} ×${times}` : what)),
  ...faults,
];

const dollars = (usd: number) => usd.toFixed(4).padStart(8);

/** The words after `start`, on as many lines as they need. */
function wrapped(start: string, words: readonly string[]): string[] {
  const lines = [start];
  for (const [i, word] of words.entries()) {
    const text = i < words.length - 1 ? `${word}, ` : word;
    if ((lines[lines.length - 1] + text).trimEnd().length > WIDTH) lines.push(' '.repeat(start.length));
    lines[lines.length - 1] += text;
  }
  return lines.map((line) => line.trimEnd());
}

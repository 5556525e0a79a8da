import type { BeganFrom } from '#contract/began-from';
import type { TaskContract } from '#contract/task-contract';
import { printable } from '#contract/text';
import { count, plain } from '../common/words.ts';
import type { BranchSprint } from '../ledger/all-branches.ts';
import { beganInWords } from '../ledger/began-from.ts';
import { type Board, gain } from '../ledger/boards.ts';
import { lacksCheck, NOT_MEASURED_AGAIN } from '../ledger/checked.ts';
import { show, table } from './verdict-table.ts';

/**
 * A board as lines: a head, a row for each verdict that counts, and how many sprints have none. Names may be
 * anybody's, so no line has a control character.
 */
export function boardLines(
  board: Board,
  { also }: TaskContract,
  top: number,
  began: readonly BeganFrom[] = [],
): string[] {
  const { profile, world, leaderboard, metric, goal, ranked, others } = board;
  const where = world === null ? 'no verdict yet' : `world ${world.name} (${world.hash.slice(0, 8)})`;
  const head = `Profile ${profile} · ${where} · ${metric}, ${goal === 'max' ? 'higher' : 'lower'} is better · rules ${leaderboard}`;
  const columns = [metric, ...also.filter((name) => name !== metric).slice(0, 3)].filter((name) =>
    ranked.some(({ sprint }) => sprint.verdict?.metrics[name] !== undefined),
  );
  const rows = ranked
    .slice(0, top)
    .map((one, at) => [
      String(at + 1),
      ...columns.map((name) => show(one.sprint.verdict?.metrics[name], name)),
      outcomeOf(one, metric) + (at > 0 && isWithinNoise(board, one) ? ' ≈' : ''),
      `${one.branch} ${one.commit.slice(0, 9)}`,
      `${one.sprint.number}: ${plain(one.sprint.title)}`,
    ]);
  const titles = ['', ...columns, 'outcome', 'branch and commit', 'sprint'];
  const align = ['right', ...columns.map(() => 'right' as const), 'left', 'left', 'left'] as const;
  const more = ranked.length > top ? [`  … and ${ranked.length - top} more: --top ${ranked.length}`] : [];
  const near = ranked.slice(1, top).some((one) => isWithinNoise(board, one));
  const lines = [
    head,
    ...(rows.length > 0
      ? table([titles, ...rows], align)
          .trimEnd()
          .split('\n')
      : []),
    ...more,
    ...(near ? ['  ≈ the first is better by no more than the noise'] : []),
    ...began
      .filter(({ branch }) => [...ranked, ...others].some((one) => one.branch === branch))
      .map((one) => `  ${one.branch} began from ${beganInWords(one, metric)} (numbers of another ledger)`),
    ...(others.length > 0
      ? [`  ${count(others.length, 'sprint')} without a number that counts: ${outcomesOf(others)}`]
      : []),
  ];
  return lines.map((line) => printable(line).replaceAll('\n', ' '));
}

/**
 * With the mean on secret worlds where its gain holds there too, which is the number that decides, and
 * whether the end of a night has measured it again.
 */
function outcomeOf({ sprint }: BranchSprint, metric: string): string {
  const { outcome, confirmed, verdict } = sprint;
  const mean = confirmed?.candidate.mean[metric];
  const parts: string[] = [outcome];
  if (confirmed?.result === 'confirmed')
    parts.push(mean === undefined ? 'confirmed' : `confirmed ${show(mean, metric)}`);
  if (lacksCheck(sprint)) parts.push(NOT_MEASURED_AGAIN);
  if (outcome === 'new-best') parts.push(...(verdict?.remarks ?? []));
  return parts.join(', ');
}

function isWithinNoise(board: Board, { sprint }: BranchSprint): boolean {
  const [first] = board.ranked;
  return first !== undefined && gain(board, first.sprint, sprint) <= first.sprint.noise;
}

function outcomesOf(sprints: readonly BranchSprint[]): string {
  const words = sprints.map(({ sprint }) =>
    sprint.verdict?.from !== undefined ? 'started from other weights' : sprint.outcome,
  );
  return [...new Set(words)]
    .map((word) => `${words.filter((other) => other === word).length} ${word}`)
    .join(', ');
}

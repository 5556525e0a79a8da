import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Sprint } from '#contract/sprint';
import { type House, reportsDir, sprintsDir } from './house.ts';
import { bestOf, readSprints } from './ledger.ts';
import { PARTS } from './split.ts';
import { table } from './tools/tables.ts';
import { count, duration, plain, show } from './words.ts';

/** What stands on the screen in the morning: why it ended, the best and what was claimed, where things lie, how to go on. */
export function lastScreen(house: House, stopped: { reason: string }): string[] {
  const { repo, task, leaderboard, split, connection, branch } = house;
  const sprints = readSprints(sprintsDir(repo)).filter((s) => s.leaderboard === leaderboard);
  const mine = sprints.filter((s) => house.state().committed.some((c) => c.sprint === s.id));
  const { usd, held } = house.state();
  const spent = PARTS.filter((part) => part !== 'waiting' || split.seconds.waiting > 0);
  const parts = spent.map((part) => `${part} ${duration(split.seconds[part])}`).join(', ');
  const cut = held.usd >= 0.005 ? ` (${held.usd.toFixed(2)} more held for cut calls)` : '';
  const money = connection.kind === 'claude' ? `, ${usd.toFixed(2)} USD${cut}` : '';
  return [
    `Stopped: ${plain(stopped.reason)}.`,
    `${count(mine.length, 'sprint')} in ${duration(split.total)}${money}: ${parts}.`,
    '',
    ...overview(mine, house),
    ...best(bestOf(sprints, leaderboard), house),
    ...reports(house, mine.at(-1)),
    `Branch:       ${branch.name}, one commit a sprint (git log ${branch.name})`,
    ...open(house),
    `Go on:        npm run loop     Way back: ${branch.wayBack}`,
    ...(task.contract.title && connection.kind === 'offline'
      ? ['', `These results come from the ${connection.label}: a script that walks a fixed path.`]
      : []),
  ];
}

/** The sprint that the next start goes on with, where one stays open. */
function open({ state }: House): string[] {
  const { sprint } = state();
  if (!sprint?.claim) return [];
  return [
    `Open:         sprint ${sprint.number}: ${plain(sprint.claim.title)}; the next start goes on with it, a run from what it saved`,
  ];
}

function overview(sprints: readonly Sprint[], { task }: House): string[] {
  if (sprints.length === 0) return [];
  const { metric, also } = task.contract;
  const fields = [metric, ...also.slice(0, 1)];
  const rows = sprints.map((s) => [
    String(s.number),
    plain(s.title),
    s.outcome,
    ...fields.map((f) => show(s.verdict?.metrics[f])),
  ]);
  const lines = table(['#', 'sprint', 'outcome', ...fields], rows).split('\n');
  return [...aligned(lines), ''];
}

/** A Markdown table with its columns padded, for a terminal. */
function aligned(lines: string[]): string[] {
  const rows = lines.filter((_, i) => i !== 1).map((line) => line.slice(2, -2).split(' | '));
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd());
}

function best(sprint: Sprint | undefined, { task, profileName }: House): string[] {
  if (!sprint?.verdict) return ['Best:         none yet'];
  const { metric, also } = task.contract;
  const { metrics } = sprint.verdict;
  const numbers = [metric, ...also].filter((f) => metrics[f] !== undefined);
  const list = (fields: string[]) =>
    fields.map((f) => `${f.length <= 4 ? f.toUpperCase() : f} ${show(metrics[f])}`).join(', ');
  const words = (numbers: Record<string, number>, most: number) =>
    Object.entries(numbers)
      .slice(0, most)
      .map(([name, value]) => `${plain(name)} ${show(value)}`)
      .join(', ') || 'nothing';
  const trainer = sprint.runs.find((run) => run.id === sprint.candidate)?.claimed ?? {};
  return [
    `Best:         ${list(numbers.slice(0, 2))} (verified, profile ${profileName}), sprint ${sprint.number}: ${plain(sprint.title)}`,
    `Claimed:      ${words(sprint.predicted, 2)} predicted; ${words(trainer, 3)} by the trainer`,
    `Verified:     ${words(sprint.verdict.metrics, 4)} by the judge, on fresh samples`,
    'Look at it:   npm run best',
  ];
}

function reports({ repo }: House, last: Sprint | undefined): string[] {
  const folder = relative(repo, reportsDir(repo));
  if (!last) return [];
  const forms = ['html', 'pdf', 'md'].filter((form) =>
    existsSync(join(reportsDir(repo), `${last.id}.${form}`)),
  );
  const notebook = existsSync(join(reportsDir(repo), 'index.html'))
    ? `${folder}/index.html (notebook), `
    : '';
  return [`Reports:      ${notebook}${folder}/<sprint>.{${forms.join(',')}}`];
}

import { UserError } from '#contract/errors';
import { type MeasuredProfile, measuredProfile } from '#contract/noise';
import type { Task } from '#contract/task';
import type { TaskContract } from '#contract/task-contract';
import type { Verdict } from '#contract/verdict';
import { sprintsDir } from '../common/paths.ts';
import { rowsOf } from '../common/worlds.ts';
import { decide, isNear, rulesOf } from '../ledger/decide.ts';
import { declaredWords, NOT_OBSERVED, observedWords } from '../ledger/declared.ts';
import { bestVerdicts, leaderboardId, readSprints } from '../ledger/ledger.ts';
import { isCount } from '../report/document/names.ts';
import { numbersOf } from '../sweep/rows.ts';

/** The metrics of a verdict that the task shows: the deciding one first. */
export function shownMetrics(
  { metric, also }: Pick<TaskContract, 'metric' | 'also'>,
  verdict: Verdict,
): string[] {
  return [...new Set([metric, ...also])].filter((name) => verdict.metrics[name] !== undefined);
}

/**
 * A verdict as a table: one line per metric, the deciding form first, the other forms beside it. Below stands
 * what these forms are, where the task says so, what our side observed and what was only declared.
 */
export function verdictTable(
  contract: Pick<TaskContract, 'metric' | 'also' | 'forms'>,
  verdict: Verdict,
): string {
  const others = Object.keys(verdict.also);
  const rows = shownMetrics(contract, verdict).map((name) => [
    name,
    show(verdict.metrics[name], name),
    ...others.map((form) => show(verdict.also[form]?.[name], name)),
  ]);
  const { deciding, ...beside } = contract.forms ?? {};
  const said = [
    ...(deciding ? [`verified (decides): ${deciding}`] : []),
    ...others.flatMap((form) => (beside[form] ? [`${form}: ${beside[form]}`] : [])),
  ];
  const lines = [
    ...(said.length > 0 ? [said.join('; ')] : []),
    ...(Object.keys(verdict.observed).length > 0 ? [`observed: ${observedWords(verdict)}`] : []),
    `${NOT_OBSERVED}: ${declaredWords(verdict)}`,
    ...(verdict.evaluation.all ? [`measured on ${rowsOf(verdict)}: no verdict can have more`] : []),
    ...(verdict.remarks ?? []),
  ];
  const below = `\n${lines.map((line) => `  ${line}\n`).join('')}`;
  return table([['', 'verified', ...others], ...rows]) + below;
}

/** One line per metric, one column per verdict, and the difference of the last two columns. */
export function comparison(names: readonly string[], verdicts: Record<string, Verdict>): string {
  const columns = Object.values(verdicts).map(numbersOf);
  const [before = {}, last = {}] = columns.slice(-2);
  const rows = names.map((name) => {
    const change = changed(last[name], before[name]);
    const signed = Number.isFinite(change) ? `${change < 0 ? '' : '+'}${change.toFixed(4)}` : '-';
    return [name, ...columns.map((numbers) => show(numbers[name], name)), signed];
  });
  return table([['', ...Object.keys(verdicts), 'change'], ...rows]);
}

/** The difference; NaN where one of the two is missing. */
export const changed = (now = Number.NaN, before = Number.NaN): number => now - before;

/** Rows of cells as aligned text. By default the first column is aligned left and the others right. */
export function table(
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[] = ['left'],
): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, i: number) => {
    const width = widths[i] ?? 0;
    return align[i] === 'left' ? cell.padEnd(width) : cell.padStart(width);
  };
  return rows.map((row) => `  ${row.map(pad).join('  ').trimEnd()}\n`).join('');
}

/** One line: the outcome that a verdict would have as a sprint's candidate, against the present best. */
export function standing(task: Task, profileName: string, repo: string, verdict: Verdict): string {
  const bests = bestVerdicts(readSprints(sprintsDir(repo)), leaderboardId(task, profileName));
  let profile: MeasuredProfile;
  try {
    profile = measuredProfile(task, profileName);
  } catch (error) {
    // The noise may still have to be measured; a verdict stands without it.
    if (!(error instanceof UserError)) throw error;
    return `as a candidate: not known, ${error.message}`;
  }
  const rules = rulesOf(task, profile, bests);
  const { outcome, reason } = decide(verdict, rules);
  if (outcome === 'new-best' && bests.length === 0)
    return 'as a candidate: the first best; no sprint has a verified result to compare with (npm run compare sets runs by hand side by side)';
  const near = isNear(verdict, rules) ? '; near the noise: a loop would try a second seed' : '';
  return `as a candidate: ${outcome} (${reason}${near})`;
}

/** A metric with four digits after the point, a count with none. For a 0 or 1 the name tells which it is. */
export function show(value: number | undefined, name = ''): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  return Number.isInteger(value) && (isCount(name) || Math.abs(value) >= 2)
    ? String(value)
    : value.toFixed(4);
}

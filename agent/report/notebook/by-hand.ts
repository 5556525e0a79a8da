import type { TaskContract } from '#contract/task-contract';
import { type KnownRun, type Row, runRow } from '../../ledger/rows.ts';
import { escaped } from '../document/escaped.ts';
import { clip, label, metricNumber, samples } from '../document/names.ts';

/** Runs that are shown, the newest first; `npm run runs` lists all. */
const MOST_RUNS = 50;

/** The runs that belong to no sprint, with the judge's numbers; null where there are none. */
export function byHandPart(
  runs: readonly KnownRun[],
  { metric, also }: Pick<TaskContract, 'metric' | 'also'>,
): string | null {
  if (runs.length === 0) return null;
  const fields = [metric, ...also.slice(0, 1)];
  const head = ['Run', 'Set', 'Seed', 'Samples', 'Profile', 'State', ...fields.map(label), 'Whose word'];
  const rows = runs
    .slice(-MOST_RUNS)
    .toReversed()
    .map((run) => cells(runRow(run), fields));
  const more = runs.length - rows.length;
  const rest = more > 0 ? `<p class="quiet">${more} earlier ones: <code>npm run runs</code></p>` : '';
  const numeric = (at: number) => at === 2 || at === 3 || (at >= 6 && at < 6 + fields.length);
  const cell = (name: 'th' | 'td') => (text: string, at: number) =>
    `<${name}${numeric(at) ? ' class="right"' : ''}>${escaped(text)}</${name}>`;
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('');
  return `<section><h2>Runs by hand</h2><p class="quiet">They belong to no sprint. <code>npm run compare -- &lt;run&gt; &lt;run&gt;</code> lays their curves over each other.</p><div class="scroll" tabindex="0" role="group" aria-label="Runs by hand"><table><thead><tr>${head.map(cell('th')).join('')}</tr></thead><tbody>${body}</tbody></table></div>${rest}</section>`;
}

/** The judge's verdict where there is one, else its last snapshot. */
function cells(row: Row, fields: readonly string[]): string[] {
  const numbers = (word: string) => fields.map((field) => row[`${word}_${field}`]);
  const verified = numbers('verified').some((value) => typeof value === 'number');
  const word = verified ? 'verified' : 'measured';
  const shown = numbers(word).map((value, i) =>
    typeof value === 'number' ? metricNumber(fields[i] ?? '', value) : '–',
  );
  return [
    ...[clip(`${row.run}`, 80), clip(`${row.set}`, 80) || '–', `${row.seed}`, samples(Number(row.samples))],
    ...[`${row.profile}`, `${row.status}`, ...shown, shown.every((text) => text === '–') ? '–' : word],
  ];
}

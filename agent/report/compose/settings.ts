import type { SprintRun } from '#contract/sprint';
import { capital } from '../../common/words.ts';
import { type SettingRow, sideBySide } from '../document/side-by-side.ts';
import { type Block, code, heading, type Inline, para, type Row, text } from '../document/tree.ts';
import { bestRunBefore, type Context, candidateOf } from './context.ts';
import { runNames } from './runs.ts';
import { settingsOf } from './stated.ts';

/** Settings of one table, and runs side by side in it. */
const MOST = { rows: 24, runs: 5 };

/** What the candidate was made with that the best before was not; empty where nothing can be compared. */
export function changedSettings(context: Context): Block[] {
  const best = bestRunBefore(context);
  const subject = subjectOf(context);
  if (!best || !subject) return [];
  const title = heading(1, 'What changed against the best');
  const [was, now] = [settingsOf(best.run, undefined), settingsOf(subject, undefined)];
  const { different } = sideBySide([was.values, now.values]);
  const who = candidateOf(context) ? 'candidate' : 'longest run';
  const unknown = [...(was.stated ? [] : ['the best before']), ...(now.stated ? [] : [`the ${who}`])];
  const known =
    unknown.length > 0
      ? ` The trainer of ${unknown.join(' and of ')} stated no settings: what was asked for is compared.`
      : '';
  if (different.length === 0)
    return [title, para(text(`No setting differs: the change is in the code alone.${known}`))];
  const heads = [`Best before (sprint ${best.sprint.number})`, capital(who)];
  const caption = `The settings in which the ${who} differs from the best before, as their trainers state them.${known}`;
  return [title, tableOf(context, different, heads, caption)];
}

/** The settings of every run: those that differ in tables of a few runs, those that all share folded. */
export function allSettings(context: Context): Block[] {
  const { runs } = context.sprint;
  if (runs.length === 0) return [];
  const names = runNames(context.sprint);
  const order = runs.toSorted((a, b) => place(names, a) - place(names, b));
  const { different, same } = sideBySide(order.map((run) => settingsOf(run, undefined).values));
  const tables =
    different.length === 0
      ? []
      : Array.from({ length: Math.ceil(order.length / MOST.runs) }, (_, at) => at * MOST.runs).map((from) => {
          const until = from + MOST.runs;
          const rows = different.map(({ key, values }) => ({ key, values: values.slice(from, until) }));
          const heads = order.slice(from, until).map(({ id }) => names.get(id) ?? id);
          return tableOf(context, rows, heads, 'Settings in which the runs of this sprint differ.');
        });
  const summary =
    runs.length === 1 ? 'All settings of the run' : `${same.length} settings that all runs share`;
  const shared: Block = { t: 'details', summary: [text(summary)], c: [inTwo(same)] };
  return [heading(1, 'Settings'), ...tables, ...(same.length > 0 ? [shared] : [])];
}

/** Settings with one value each, two beside each other. */
function inTwo(settings: readonly SettingRow[]): Block {
  const half = Math.ceil(settings.length / 2);
  const pair = (row: SettingRow | undefined): Inline[][] =>
    row ? [[code(row.key)], [code(row.values[0] ?? '–')]] : [[], []];
  return {
    t: 'table',
    head: ['Setting', 'Value', 'Setting', 'Value'].map((head) => [text(head)]),
    align: ['left', 'left', 'left', 'left'],
    rows: settings.slice(0, half).map(
      (row, at): Row => ({
        tone: 'plain',
        cells: [...pair(row), ...pair(settings[half + at])],
      }),
    ),
    caption: null,
    omitted: null,
  };
}

const place = (names: ReadonlyMap<string, string>, { id }: SprintRun) => [...names.keys()].indexOf(id);

/** The run that stands for the sprint: its candidate, else the one with the longest training. */
function subjectOf(context: Context): SprintRun | undefined {
  const [first] = runNames(context.sprint).keys();
  return candidateOf(context) ?? context.sprint.runs.find(({ id }) => id === first);
}

function tableOf(
  { number, sprint }: Context,
  rows: readonly SettingRow[],
  heads: readonly string[],
  caption: string,
): Block {
  const more = rows.length - MOST.rows;
  const cell = (value: string | null | undefined): Inline[] => [
    value === null || value === undefined ? text('–') : code(value),
  ];
  return {
    t: 'table',
    head: [[text('Setting')], ...heads.map((head) => [text(head)])],
    align: ['left', ...heads.map(() => 'left' as const)],
    rows: rows
      .slice(0, MOST.rows)
      .map(({ key, values }): Row => ({ tone: 'plain', cells: [[code(key)], ...values.map(cell)] })),
    caption: number.table(text(caption)),
    omitted: more > 0 ? `${more} more settings are in sprints/${sprint.id}/sprint.json.` : null,
  };
}

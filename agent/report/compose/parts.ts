import type { Group, VerdictTable } from '#contract/verdict';
import { label, metricNumber, number, numberFormat, signed } from '../document/names.ts';
import { type Block, code, type Row, text } from '../document/tree.ts';
import type { GroupsOfKind } from '../plots/groups.ts';
import { bestRunBefore, type Context } from './context.ts';

/** The verdict of the best before, with its groups and tables, where its record is there. */
const verdictBefore = (context: Context) => bestRunBefore(context)?.sprint.verdict ?? null;

/** The groups of the verdict beside those of the best before, by the way in which they part it. */
export function groupsBeforeAndAfter(context: Context): GroupsOfKind[] {
  const before = verdictBefore(context)?.groups ?? {};
  return Object.entries(context.sprint.verdict?.groups ?? {}).map(([kind, after]) => ({
    kind,
    after,
    before: before[kind] ?? [],
  }));
}

/** The number of a group that is drawn and compared first: the deciding one, else the first that it has. */
export function metricOfGroups(kinds: readonly GroupsOfKind[], { sprint }: Context): string | null {
  const names = kinds.flatMap(({ after }) => after.flatMap(({ metrics }) => Object.keys(metrics)));
  return names.includes(sprint.metric) ? sprint.metric : (names[0] ?? null);
}

/** A table for each way to part what was measured: the deciding number before and after, the others after. */
export function groupTables(context: Context): Block[] {
  const kinds = groupsBeforeAndAfter(context);
  const metric = metricOfGroups(kinds, context);
  return metric === null ? [] : kinds.map((kind) => groupTable(context, kind, metric));
}

function groupTable(context: Context, { kind, before, after }: GroupsOfKind, metric: string): Block {
  const had = before.length > 0;
  const others = [...new Set(after.flatMap(({ metrics }) => Object.keys(metrics)))].filter(
    (name) => name !== metric,
  );
  const names = [...new Set([...after, ...before].map(({ name }) => name))];
  const of = (groups: readonly Group[], name: string) => groups.find((group) => group.name === name);
  const change = (name: string, now: number | undefined, was: number | undefined) =>
    now === undefined || was === undefined ? '–' : signed(now - was, name);
  const rows = names.map((name): Row => {
    const [was, now] = [of(before, name), of(after, name)];
    const cells = [
      name,
      had && was?.count !== now?.count ? `${was?.count ?? 0} → ${now?.count ?? 0}` : `${now?.count ?? 0}`,
      ...(had ? [metricNumber(metric, was?.metrics[metric])] : []),
      metricNumber(metric, now?.metrics[metric]),
      ...(had ? [change(metric, now?.metrics[metric], was?.metrics[metric])] : []),
      ...others.flatMap((other) => [
        metricNumber(other, now?.metrics[other]),
        ...(had ? [change(other, now?.metrics[other], was?.metrics[other])] : []),
      ]),
    ];
    return { tone: 'plain', cells: cells.map((cell) => [text(cell)]) };
  });
  const head = [
    ...[`By ${kind}`, 'How many'],
    ...(had ? [`${label(metric)} before`, 'after', 'change'] : [label(metric)]),
    ...others.flatMap((other) => (had ? [label(other), 'change'] : [label(other)])),
  ];
  const compared = had
    ? 'of the best before and of the candidate'
    : 'of the candidate; the record of the best before has none to compare with';
  return {
    t: 'table',
    head: head.map((cell) => [text(cell)]),
    align: head.map((_, at) => (at === 0 ? 'left' : 'right')),
    rows,
    caption: context.number.table(text(`${label(metric)} by ${kind}, ${compared}: means of each group.`)),
    omitted: null,
  };
}

/** The tables of the verdict, each before that of the best before. */
export function verdictTables(context: Context): Block[] {
  const before = bestRunBefore(context);
  return (context.sprint.verdict?.tables ?? []).flatMap((table) => {
    const was = before?.sprint.verdict?.tables?.find(({ name }) => name === table.name);
    return [
      tableOf(context, table, 'of the candidate'),
      ...(before && was
        ? [tableOf(context, was, `of the best before (sprint ${before.sprint.number})`)]
        : []),
    ];
  });
}

function tableOf(context: Context, { name, columns, rows }: VerdictTable, whose: string): Block {
  const numeric = columns.map((_, at) => rows.every((row) => typeof row[at] === 'number'));
  const formats = columns.map((column, at) =>
    numberFormat(
      column,
      rows.flatMap((row) => (typeof row[at] === 'number' ? [row[at]] : [])),
    ),
  );
  const shown = (value: number | string | undefined, at: number) =>
    typeof value === 'number' ? (formats[at] ?? number)(value) : (value ?? '–');
  return {
    t: 'table',
    head: columns.map((column) => [text(label(column))]),
    align: numeric.map((is) => (is ? 'right' : 'left')),
    rows: rows.map(
      (row): Row => ({
        tone: 'plain',
        cells: columns.map((_, at) => [at === 0 ? code(shown(row[at], at)) : text(shown(row[at], at))]),
      }),
    ),
    caption: context.number.table(text(`${label(name)}: ${whose}.`)),
    omitted: null,
  };
}

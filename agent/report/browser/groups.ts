import type { Group } from '#contract/verdict';
import { label, numberFormat } from '../document/names.ts';
import type { Compared } from './compared.ts';
import { difference, differenceOf } from './numbers.ts';
import { type Cells, sideTable } from './side-table.ts';

/**
 * The means by group that verdicts have, such as by depth or by rate: the deciding metric first, the others
 * fold.
 */
export function groupsHtml(all: readonly Compared[]): string {
  const kinds = new Set(all.flatMap(({ run }) => Object.keys(run.verdict?.groups ?? {})));
  return [...kinds].map((kind) => kindHtml(all, kind)).join('');
}

function kindHtml(all: readonly Compared[], kind: string): string {
  const groups = all.map(({ run }) => run.verdict?.groups?.[kind] ?? []);
  const deciding = all.map(({ board }) => board.metric);
  const metrics = [
    ...new Set([...deciding, ...groups.flat().flatMap((group) => Object.keys(group.metrics))]),
  ].filter((name) => groups.flat().some((group) => group.metrics[name] !== undefined));
  const [first, ...others] = metrics.map((name) =>
    sideTable(`${label(name)} by ${kind}`, all, linesOf(all, groups, name), differenceOf(all)),
  );
  const rest =
    others.length > 0
      ? `<details><summary>${others.length} other numbers by group</summary>${others.join('')}</details>`
      : '';
  return first === undefined ? '' : `${first}${rest}`;
}

function linesOf(all: readonly Compared[], groups: readonly Group[][], metric: string): Cells[] {
  const names = new Set(groups.flat().map(({ name }) => name));
  return [...names].map((name) => {
    const found = groups.map((some) => some.find((group) => group.name === name));
    const values = found.map((group) => group?.metrics[metric]);
    const format = numberFormat(metric, values);
    const cells = values.map((value, at) =>
      value === undefined ? '–' : `${format(value)} <span class="quiet">of ${found[at]?.count}</span>`,
    );
    return { name, cells: [...cells, ...difference(all, metric, values)], right: true };
  });
}

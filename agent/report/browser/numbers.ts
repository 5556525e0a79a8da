import { worldWords } from '../../common/worlds.ts';
import { label, metricNumber, numberFormat, signed } from '../document/names.ts';
import type { Compared } from './compared.ts';
import { type Cells, sideTable } from './side-table.ts';

type Numbers = Record<string, number>;

/** The numbers of each run: those that decide first, and below them every other that the records have. */
export function numbersHtml(all: readonly Compared[]): string {
  const deciding = all.map(({ run }) => run.verdict?.metrics ?? run.evals.at(-1)?.metrics ?? {});
  const order = all.flatMap(({ board }) => board.columns.map(({ key }) => key));
  const measured = all.filter(({ run }) => run.verdict === null && run.evals.length > 0);
  const note =
    measured.length > 0
      ? `<p class="caption">In italics: ${measured.map(({ letter }) => letter).join(', ')} measured on the last snapshot, on fewer samples than a verdict.</p>`
      : '';
  const lines = linesOf(all, deciding, order, (one) => one.run.verdict === null);
  const others: [string, Numbers[]][] = [
    ['Claimed by the trainer', all.map(({ run }) => run.claimed)],
    ...formsOf(all).map((form): [string, Numbers[]] => [
      `Verified, ${form} form`,
      all.map(({ run }) => run.verdict?.also[form] ?? {}),
    ]),
    ['Counted beside the trainer', all.map(({ run }) => run.verdict?.observed ?? {})],
    ['Declared by the trainer', all.map(({ run }) => run.verdict?.declared ?? {})],
  ];
  const more = others
    .map(([title, numbers]) => ({ title, lines: linesOf(all, numbers, order, () => false) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => sideTable(title, all, lines, differenceOf(all)));
  const folded =
    more.length > 0
      ? `<details><summary>Other forms, and what was claimed</summary>${more.join('')}</details>`
      : '';
  const main = [...lines, ...confirmedLines(all), ...repeats(all)];
  return main.length > 0
    ? `${sideTable('Numbers', all, main, differenceOf(all))}${note}${folded}`
    : '<h3>Numbers</h3><p>None of these runs was measured.</p>';
}

const formsOf = (all: readonly Compared[]): string[] => [
  ...new Set(all.flatMap(({ run }) => Object.keys(run.verdict?.also ?? {}))),
];

/** Of two runs the difference is shown as well. */
export const differenceOf = (all: readonly Compared[]) => (all.length === 2 ? 'B − A' : null);

function linesOf(
  all: readonly Compared[],
  numbers: readonly Numbers[],
  order: readonly string[],
  isSnapshot: (one: Compared) => boolean,
): Cells[] {
  const names = new Set([...order, ...numbers.flatMap((each) => Object.keys(each))]);
  return [...names]
    .filter((name) => numbers.some((each) => each[name] !== undefined))
    .map((name) => {
      const values = numbers.map((each) => each[name]);
      const format = numberFormat(name, values);
      const best = bestOf(all, name, values);
      const cells = values.map((value, at) => {
        const one = all[at];
        if (value !== undefined && one && isSnapshot(one)) return `<em>${format(value)}</em>`;
        return value !== undefined && value === best ? `<strong>${format(value)}</strong>` : format(value);
      });
      return { name: label(name), cells: [...cells, ...difference(all, name, values)], right: true };
    });
}

/** The best number of a line, where it is known which direction is better and the runs compare. */
function bestOf(
  all: readonly Compared[],
  name: string,
  values: readonly (number | undefined)[],
): number | undefined {
  const ways = new Set(all.map(({ board }) => board.columns.find(({ key }) => key === name)?.better ?? null));
  const [way] = ways;
  const boards = new Set(all.map(({ board }) => board.id));
  if (ways.size !== 1 || boards.size !== 1 || !way) return undefined;
  const present = values.filter((value) => value !== undefined);
  return way === 'max' ? Math.max(...present) : Math.min(...present);
}

export function difference(
  all: readonly Compared[],
  name: string,
  [a, b]: readonly (number | undefined)[],
): string[] {
  if (differenceOf(all) === null) return [];
  return [a === undefined || b === undefined ? '–' : signed(b - a, name)];
}

/** The metric on secret worlds, where a candidate was confirmed there: mean, spread and number of worlds. */
function confirmedLines(all: readonly Compared[]): Cells[] {
  const metric = all[0]?.board.metric ?? '';
  const several = all.map(({ run, detail: { sprint } }) =>
    run.id === sprint.candidate ? sprint.confirmed?.candidate : undefined,
  );
  if (!several.some((each) => each && each.n > 0)) return [];
  const mean = several.map((each) => each?.mean[metric]);
  const none = differenceOf(all) === null ? [] : ['–'];
  const cells = several.map((each) =>
    each && each.n > 0
      ? `${metricNumber(metric, each.mean[metric])} ± ${metricNumber(metric, each.deviation[metric])}`
      : '–',
  );
  const counts = several.map((each) => (each ? String(each.n) : '–'));
  const { secrets } = worldWords(all.find((_, at) => several[at])?.detail.sprint.verdict);
  return [
    {
      name: `${label(metric)} on ${secrets}`,
      cells: [...cells, ...difference(all, metric, mean)],
      right: true,
    },
    { name: `Number of ${secrets}`, cells: [...counts, ...none], right: true },
  ];
}

/** The metric once more, where a candidate was repeated on a second seed. */
function repeats(all: readonly Compared[]): Cells[] {
  const of = ({ run, detail: { sprint } }: Compared) =>
    run.id === sprint.candidate ? sprint.repeat : undefined;
  const seeds = new Set(all.flatMap((one) => of(one)?.seed ?? []));
  return [...seeds].map((seed) => {
    const values = all.map((one) => {
      const repeat = of(one);
      return repeat?.seed === seed ? repeat.verdict.metrics[one.board.metric] : undefined;
    });
    const metric = all[0]?.board.metric ?? '';
    const cells = values.map((value) => metricNumber(metric, value));
    return {
      name: `${label(metric)}, repeated on seed ${seed}`,
      cells: [...cells, ...difference(all, metric, values)],
      right: true,
    };
  });
}

import { escaped } from '../document/escaped.ts';
import { number, samples } from '../document/names.ts';

export interface Line {
  /** The letter of its run. */
  letter: string;
  /** Its colour and dashes: 0 to 7. */
  style: number;
  points: readonly Point[];
}

interface Point {
  x: number;
  y: number;
}

const [WIDTH, HEIGHT] = [420, 240];
const BOX = { left: 52, right: WIDTH - 22, top: 26, bottom: HEIGHT - 28 };
/** Values that span more than this are drawn on a logarithmic axis. */
const WIDE = 30;
/** The share of a training in which a loss may fall out of the plot: what follows decides the range. */
const START = 0.04;
/** The least pixels between two letters. */
const APART = 12;

/** Several lines over training samples, as SVG in the colours of the page; empty where nothing is to draw. */
export function chart(title: string, lines: readonly Line[]): string {
  const drawn = lines
    .map((line) => ({ ...line, points: line.points.filter(({ x, y }) => Number.isFinite(x + y)) }))
    .filter(({ points }) => points.length > 0);
  const points = drawn.flatMap((line) => line.points);
  if (points.length === 0) return '';
  const most = Math.max(...points.map(({ x }) => x)) || 1;
  const later = points.filter(({ x }) => x >= START * most);
  const ys = (later.length > 0 ? later : points).map(({ y }) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const log = low > 0 && high / low > WIDE;
  const scale = log ? Math.log10 : (value: number) => value;
  const ticks = log ? logTicks(low, high) : niceTicks(low, high);
  const bottom = Math.min(scale(low), ...ticks.map(scale));
  const top = Math.max(scale(high), ...ticks.map(scale));
  const px = (x: number) => BOX.left + (x / most) * (BOX.right - BOX.left);
  const py = (y: number) => BOX.bottom - ((scale(y) - bottom) / (top - bottom || 1)) * (BOX.bottom - BOX.top);
  const grid = ticks.map(
    (tick) =>
      `<path class="grid" d="M${BOX.left} ${at(py(tick))}H${BOX.right}"/><text x="${BOX.left - 6}" y="${at(py(tick) + 4)}" text-anchor="end">${short(tick)}</text>`,
  );
  const under = niceTicks(0, most)
    .filter((tick) => tick <= most)
    .map(
      (tick) =>
        `<text x="${at(px(tick))}" y="${HEIGHT - 10}" text-anchor="middle">${tick === 0 ? '0' : samples(tick)}</text>`,
    );
  const paths = drawn.map(({ points: own, style }) => {
    const path = own.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${at(px(x))} ${at(py(y))}`).join('');
    return `<path class="line s${style}" d="${path}"/>`;
  });
  const ends = drawn.map(({ letter, style, points: own }) => {
    const last = own.at(-1) as Point;
    return { letter, style, x: px(last.x) + 5, y: py(last.y) + 4 };
  });
  const letters = apart(ends).map(
    ({ letter, style, x, y }) => `<text class="end s${style}" x="${at(x)}" y="${at(y)}">${letter}</text>`,
  );
  // What begins above the plot is cut at its edge.
  const inside = `<svg x="${BOX.left}" y="${BOX.top}" width="${BOX.right - BOX.left}" height="${BOX.bottom - BOX.top}" viewBox="${BOX.left} ${BOX.top} ${BOX.right - BOX.left} ${BOX.bottom - BOX.top}">${paths.join('')}</svg>`;
  const said = drawn.map(({ letter, points }) => `${letter} ends at ${number(points.at(-1)?.y)}`);
  return `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(`${title} over training samples${log ? ', logarithmic' : ''}: ${said.join(', ')}`)}"><text class="title" x="4" y="14">${escaped(title)}</text>${grid.join('')}${under.join('')}${inside}${letters.join('')}</svg>`;
}

/** Letters at the ends of lines, moved down where they would cover each other. */
function apart<T extends Point>(ends: readonly T[]): T[] {
  const out: T[] = [];
  for (const end of ends.toSorted((a, b) => a.y - b.y)) {
    const above = out.findLast(({ x }) => Math.abs(x - end.x) < APART);
    out.push(above && end.y - above.y < APART ? { ...end, y: above.y + APART } : end);
  }
  return out;
}

const at = (value: number) => value.toFixed(1);

/** Three to seven round numbers that hold the range. */
export function niceTicks(low: number, high: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((by) => by * rough).find((by) => span / by <= 5) ?? rough * 10;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The powers of ten in a range, and one beyond each end where there are few. */
function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

const short = (value: number) =>
  Math.abs(value) >= 10_000 ? samples(value) : String(Number(value.toPrecision(3))).replace('-', '−');

import { devicesInWords } from './step/device-words.ts';
import { aligned } from './table.ts';
import type { Line } from './timing.ts';

/** A number of a line: its name there, its words with the unit, and how it is written. */
type Column = readonly [key: string, head: string, written: (value: number) => string];

/** Three digits: the fourth differs from call to call. */
const digits = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
const percent = (value: number): string => `${digits(100 * value)}%`;
const giga = (value: number): string => digits(value / 1e9);

/** What each line of the quick measurements may have. */
const COLUMNS: readonly Column[] = [
  ['samplesPerSecond', 'samples/s', digits],
  ['cpuMicrosecondsPerSample', 'processor µs/sample', digits],
  ['gigabytesPerSecond', 'GB/s', digits],
  ['copyBytesPerSecond', 'GB/s copied', giga],
  ['multiplyAddsPerSecond', 'G multiply-adds/s', giga],
  ['ratio', 'times the reference', digits],
  ['shareOfMultiplyAdds', 'multiply-adds*', percent],
  ['shareOfCopy', 'copying*', percent],
];
const SHARES = '* of what one thread of this machine can do at best';

/** The lines of one part of the bench for the eye: words, units, and of a step the parts that make it up. */
export function inWords(part: string, lines: readonly Line[]): string {
  return part === 'step' ? stepsInWords(lines) : ratesInWords(part, lines);
}

function ratesInWords(part: string, lines: readonly Line[]): string {
  const columns = COLUMNS.filter(([key]) => lines.some((line) => typeof line[key] === 'number'));
  const rows = lines.map((line) => [
    line.name,
    ...columns.map(([key, , written]) => (typeof line[key] === 'number' ? written(line[key]) : '')),
  ]);
  const table = aligned([['', ...columns.map(([, head]) => head)], ...rows]);
  const shares = columns.some(([, head]) => head.endsWith('*')) ? `${SHARES}\n` : '';
  return `${table}${shares}${part === 'eval' ? verdictInWords(lines) : ''}`;
}

/** What the parts of a verdict make together. */
function verdictInWords(lines: readonly Line[]): string {
  const [matching, encode, own] = ['matching', 'encode', 'draw and count'].map((name) =>
    lines.find((line) => line.name === `eval ${name}`),
  );
  if (!matching || !encode?.samplesPerSecond || !own?.samplesPerSecond) return '';
  const slower = encode.samplesPerSecond < own.samplesPerSecond ? 'encode' : 'draw and count';
  const seconds = 1e5 / Math.min(encode.samplesPerSecond, own.samplesPerSecond);
  return [
    `a verdict: ${digits(matching.ms)} ms of matching ${matching.latents} latents once, then for each 100,000 rows ${digits(seconds)} s`,
    `(encode, and draw and count run at the same time; ${slower} is the slower one) · ${encode.backend} · ${digits(Number(own.peakMegabytes))} MB`,
    '',
  ].join('\n');
}

/** A table for each recipe at each size, with a column for each way to compute it. */
function stepsInWords(lines: readonly Line[]): string {
  const tables = new Map<string, Line[]>();
  for (const line of lines) {
    const { recipe, world, d_in, d_sae, batch } = line;
    const title = `${recipe} · world ${world} · d_in ${d_in}, d_sae ${d_sae}, batch ${batch}`;
    tables.set(title, [...(tables.get(title) ?? []), line]);
  }
  return [...tables].map(([title, cases]) => `${title}\n${stepTable(cases)}`).join('\n');
}

function wayOf({ plain, npmAlone, threads }: Line): string {
  const way = plain ? 'plain tfjs' : npmAlone ? 'npm alone' : 'the engine';
  return threads === undefined ? way : `${way}, ${threads} thread${threads === 1 ? '' : 's'}`;
}

/** Milliseconds of a step and of its parts, which add up: a part is set in below what it belongs to. */
function stepTable(cases: readonly Line[]): string {
  const of = (line: Line, key: string): number => Number(line[key] ?? Number.NaN);
  const row = (words: string, cell: (line: Line) => string) => [words, ...cases.map(cell)];
  const ms = (words: string, value: (line: Line) => number) => row(words, (line) => hundredths(value(line)));
  const rows = [
    row('', wayOf),
    row('samples/s', ({ samplesPerSecond = Number.NaN }) => digits(samplesPerSecond)),
    ms('a step, ms', (line) => line.ms),
    ms('  waiting for data', (line) => of(line, 'msWaiting')),
    ms('  forward', (line) => of(line, 'msForward')),
    ms('    encodes', (line) => of(line, 'msEncodes')),
    ms('    the rest', (line) => of(line, 'msForward') - of(line, 'msEncodes')),
    ms('  gradients', (line) => of(line, 'msBackward')),
    ms('  optimiser', (line) => of(line, 'msOptimiser')),
    ms('an encode alone, ms', (line) => of(line, 'msOneEncode')),
    row('  of the best product here', (line) => percent(of(line, 'encodeShareOfCeiling'))),
    row('a step over its encodes alone', (line) => digits(of(line, 'stepOverEncodes'))),
    ms('processor time of the trainer, ms', (line) => of(line, 'msCpu')),
    ...(cases.some(({ msThread }) => msThread !== undefined)
      ? [ms('  of the thread of JavaScript, ms', (line) => of(line, 'msThread'))]
      : []),
    ms('drawing a batch alone, ms', (line) => of(line, 'msSampling')),
    row('first step after, s', (line) => digits(of(line, 'firstStepMs') / 1000)),
    row('memory, MB', (line) => digits(of(line, 'peakMegabytes'))),
    ...(cases.some(({ ratio }) => ratio !== undefined)
      ? [row('times plain tfjs', ({ ratio }) => (ratio === undefined ? '' : digits(ratio)))]
      : []),
  ];
  const [{ ceiling }] = cases;
  const backends = cases.map((line) => `${wayOf(line)}: ${line.backend}\n`);
  return `${aligned(rows)}${backends.join('')}the best product here: ${ceiling}\n${devicesInWords(cases)}`;
}

const hundredths = (value: number): string =>
  Number.isFinite(value) ? (Math.abs(value) < 99.95 ? value.toFixed(2) : value.toFixed(0)) : '-';

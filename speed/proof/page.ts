import type { Machine } from '#contract/run';
import type { Answer } from '../step/run.ts';
import { againstBands, PUBLISHED } from './bands.ts';
import type { Part } from './parts.ts';
import { type Done, passed } from './proof.ts';
import type { WholeRun } from './whole-run.ts';

export interface About {
  machine: Machine;
  startedAt: string;
  minutes: number | null;
  hasPeer: boolean;
}

type Cell = string | number | undefined;

/** The proof as a page of Markdown; `left`: the parts that come next. */
export function pageOf(about: About, done: readonly Done[], left: readonly Part[]): string {
  const { cpu, cores, gpu, node } = about.machine;
  const head = [
    '# Proof of a GPU',
    `${cpu}, ${cores} cores; ${gpu ?? "no GPU of NVIDIA's"}; Node ${node}; begun ${about.startedAt}${about.minutes === null ? '' : `, ${about.minutes} minutes`}.`,
    ...(left.length > 0 ? [`**Not at its end**: next comes ${left.map(({ id }) => id).join(', ')}.`] : []),
  ];
  const sections = [
    backends(done),
    steps(done),
    projected(done),
    wholeRuns(done),
    data(done),
    peers(done, about),
    failures(done),
  ];
  return `${[...head, ...sections.filter((text) => text !== '')].join('\n\n')}\n`;
}

function backends(done: readonly Done[]): string {
  const rows = passed(done).map(({ backend, label, gpu, seconds }) => [
    `\`${backend}\``,
    label,
    gpu ? 'a GPU' : 'the processor',
    seconds.toFixed(1),
  ]);
  return section('Golden steps that passed', ['backend', 'what it is', 'computes on', 's to start'], rows);
}

type StepPart = Done & { asked: Extract<Part['asked'], { kind: 'step' }> };

/** The steps that were measured, with their numbers. */
function measured(done: readonly Done[]): { part: StepPart; answer: Omit<Answer, 'settings'> }[] {
  return done.flatMap((part) =>
    part.asked.kind === 'step' && 'answer' in part.outcome
      ? [{ part: part as StepPart, answer: part.outcome.answer as Answer }]
      : [],
  );
}

const named = ({ recipe, backend, encode }: StepPart['asked']): string =>
  `${recipe}, \`${backend}\`${encode ? ', encodes in TF32' : ''}`;

const samplesPerSecond = ({ batch, ms }: Pick<Answer, 'batch' | 'ms'>): number => (batch * 1000) / ms.step;

function steps(done: readonly Done[]): string {
  const head = [
    'step',
    'sizes',
    'samples/s',
    'ms',
    'waiting for data',
    'forward',
    'backward',
    'optimiser',
    'one encode',
  ];
  const device = ['launches', 'reads', 'kB read back', 'kB sent'];
  const rows = measured(done).map(({ part: { asked }, answer }) => [
    named(asked),
    `${answer.d_in} → ${answer.d_sae}${asked.size === 'small' ? ' (small)' : ''}`,
    digits(samplesPerSecond(answer)),
    digits(answer.ms.step),
    `${digits(answer.ms.waiting)} (${Math.round((100 * answer.ms.waiting) / answer.ms.step)} %)`,
    ...[answer.ms.forward, answer.ms.backward, answer.ms.optimiser, answer.ms.encode].map((ms) =>
      ms === null ? 'there' : digits(ms),
    ),
    ...(answer.device
      ? [
          ...[answer.device.launches, answer.device.reads].map(digits),
          ...[answer.device.bytesRead, answer.device.bytesWritten].map((bytes) => digits(bytes / 1000)),
        ]
      : []),
  ]);
  const isSmall = measured(done).some(({ part }) => part.asked.size === 'small');
  return section(
    'Milliseconds of a step of 1,024 samples, by part',
    [...head, ...device],
    rows,
    isSmall
      ? 'Software drivers and slow backends are measured at small sizes: those numbers say nothing of a card.'
      : '',
  );
}

function projected(done: readonly Done[]): string {
  const full = measured(done).filter(({ part }) => part.asked.size === 'full');
  const rows = full.map(({ part: { asked }, answer }) => [
    named(asked),
    (PUBLISHED.samples / samplesPerSecond(answer) / 60).toFixed(1),
  ]);
  return section('Minutes of a run of 200M samples, projected from the step', ['run', 'minutes'], rows);
}

function wholeRuns(done: readonly Done[]): string {
  const parts = done.flatMap(({ asked, outcome }) =>
    asked.kind === 'run' && 'answer' in outcome ? [{ asked, run: outcome.answer as WholeRun }] : [],
  );
  const rows = parts.map(({ asked, run }) => [
    `\`${asked.backend}\``,
    `${run.profile}, ${run.world}`,
    run.samples.toLocaleString('en-US'),
    (run.seconds / 60).toFixed(1),
    digits(run.samplesPerSecond),
    run.judgeSeconds.toFixed(0),
    ...againstBands(run.metrics).map((checked) =>
      isComparable(run)
        ? `${checked.value.toFixed(4)} (${checked.isInside ? 'inside' : '**outside**'} ${checked.mean} ± ${checked.spread})`
        : checked.value.toFixed(4),
    ),
  ]);
  const head = ['backend', 'world', 'samples', 'minutes', 'samples/s', 's to judge', 'F1', 'MCC'];
  return section(
    'Whole runs of the default recipe',
    head,
    rows,
    parts.map(({ run }) => about(run)).join(' '),
  );
}

/** Whether the published bands say anything of a run: those of 16k, at the published number of samples. */
const isComparable = ({ profile, samples }: WholeRun): boolean =>
  profile === '16k' && samples >= PUBLISHED.samples;

function about(run: WholeRun): string {
  if (!isComparable(run))
    return 'The published bands hold for 200M samples at 16k alone: this run is not compared with them.';
  return run.world === 'synth-16k'
    ? 'The world is the released one: the bands are the check.'
    : `The world is ${run.world}, of the released one's kind: on it the published bands are an expectation, not a check.`;
}

function data(done: readonly Done[]): string {
  const rows = [...linesOf(done, 'serve'), ...linesOf(done, 'sampler')].map((line) => [
    String(line.name),
    ...[line.samplesPerSecond, line.gigabytesPerSecond].map((value) => digits(Number(value))),
  ]);
  return section('Data service', ['way', 'samples/s', 'GB/s'], rows);
}

function peers(done: readonly Done[], { hasPeer }: About): string {
  if (!hasPeer) return '## SAELens\n\nNo Python here has it: nothing is compared.';
  const rows = linesOf(done, 'peer').map((line) => [
    String(line.name),
    String(line.device),
    ...['samplesPerSecond', 'peerFp32', 'peerBf16', 'ratio'].map((key) => digits(Number(line[key]))),
  ]);
  return section('SAELens', ['what', 'its device', 'ours, samples/s', 'fp32', 'bf16', 'times as fast'], rows);
}

function linesOf(done: readonly Done[], kind: Part['asked']['kind']): Record<string, unknown>[] {
  return done.flatMap(({ asked, outcome }) =>
    asked.kind === kind && 'answer' in outcome ? (outcome.answer as Record<string, unknown>[]) : [],
  );
}

function failures(done: readonly Done[]): string {
  const rows = done.flatMap(({ id, seconds, outcome }) =>
    'reason' in outcome ? [[id, outcome.reason.replaceAll('|', '\\|'), seconds.toFixed(0)]] : [],
  );
  return section('Parts without an answer', ['part', 'why', 's'], rows);
}

/** A table with its heading; empty without rows. Columns may be missing at the end of a row. */
function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  note = '',
): string {
  if (rows.length === 0) return '';
  const columns = head.slice(0, Math.max(...rows.map((row) => row.length)));
  const line = (cells: readonly Cell[]) => `| ${columns.map((_, i) => cells[i] ?? '').join(' | ')} |`;
  const table = [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
  return `## ${title}\n\n${table}${note === '' ? '' : `\n\n${note}`}`;
}

/** Three digits: the fourth differs from call to call. */
const digits = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });

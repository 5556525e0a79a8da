import type { Machine } from '#contract/run';
import { measured, type StepPart, samplesPerSecond } from './answers.ts';
import { againstBands, PUBLISHED } from './bands.ts';
import { claimsOf } from './claims.ts';
import { again, choice, data, inTf32, peers, verdicts } from './page-beside.ts';
import type { Part } from './parts.ts';
import { type Done, passed } from './proof.ts';
import { digits, section } from './section.ts';
import type { WholeRun } from './whole-run.ts';

export interface About {
  machine: Machine;
  startedAt: string;
  minutes: number | null;
  hasPeer: boolean;
}

/** The proof as a page of Markdown; `left`: the parts that come next. */
export function pageOf(about: About, done: readonly Done[], left: readonly Part[]): string {
  const { cpu, cores, gpu, node } = about.machine;
  const head = [
    '# Proof of a GPU',
    `${cpu}, ${cores} cores; ${gpu ?? "no GPU of NVIDIA's"}; Node ${node}; begun ${about.startedAt}${about.minutes === null ? '' : `, ${about.minutes} minutes`}.`,
    ...(left.length > 0 ? [`**Not at its end**: next comes ${left.map(({ id }) => id).join(', ')}.`] : []),
  ];
  const sections = [
    claims(done, about),
    backends(done),
    steps(done),
    projected(done),
    wholeRuns(done),
    data(done),
    peers(done, about),
    verdicts(done),
    again(done),
    inTf32(done),
    choice(done),
    failures(done),
  ];
  return `${[...head, ...sections.filter((text) => text !== '')].join('\n\n')}\n`;
}

function claims(done: readonly Done[], { hasPeer }: About): string {
  const all = claimsOf(done, hasPeer);
  const rows = all.map(({ what, wanted, found, holds }) => [
    what,
    wanted,
    found.replaceAll('|', '\\|'),
    holds === null ? '' : holds ? 'yes' : '**no**',
  ]);
  const counts = [true, false, null].map((state) => all.filter(({ holds }) => holds === state).length);
  const note = `${counts[0]} hold, ${counts[1]} do not, ${counts[2]} are open.`;
  return section('What this GPU had to show', ['claim', 'wanted', 'found', 'holds'], rows, note);
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

const named = ({ recipe, backend, encode, resident }: StepPart['asked']): string =>
  `${recipe}, \`${backend}\`${encode ? ', encodes in TF32' : ''}${resident ? ', one batch again' : ''}`;

function steps(done: readonly Done[]): string {
  const head = [
    'step',
    'sizes',
    'drawn by',
    'samples/s',
    'ms',
    'waiting for data',
    'forward',
    'backward',
    'optimiser',
    'one encode',
  ];
  const device = ['JavaScript', 'launches', 'replayed', 'reads', 'kB read back', 'kB sent'];
  const rows = measured(done).map(({ part: { asked }, answer }) => [
    named(asked),
    `${answer.d_in} → ${answer.d_sae}${asked.size === 'small' ? ' (small)' : ''}`,
    asked.resident ? '' : (answer.drawnBy ?? 'the processor'),
    digits(samplesPerSecond(answer)),
    digits(answer.ms.step),
    `${digits(answer.ms.waiting)} (${Math.round((100 * answer.ms.waiting) / answer.ms.step)} %)`,
    ...[answer.ms.forward, answer.ms.backward, answer.ms.optimiser, answer.ms.encode].map((ms) =>
      ms === null ? 'there' : digits(ms),
    ),
    ...(answer.device
      ? [
          answer.ms.thread === null ? '' : digits(answer.ms.thread),
          digits(answer.device.launches),
          `${Math.round(100 * answer.device.replayed)} %`,
          digits(answer.device.reads),
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
    run.drawnBy ?? 'the processor',
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
  const head = ['backend', 'world', 'drawn by', 'samples', 'minutes', 'samples/s', 's to judge', 'F1', 'MCC'];
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

function failures(done: readonly Done[]): string {
  const rows = done.flatMap(({ id, seconds, outcome }) =>
    'reason' in outcome ? [[id, outcome.reason.replaceAll('|', '\\|'), seconds.toFixed(0)]] : [],
  );
  return section('Parts without an answer', ['part', 'why', 's'], rows);
}

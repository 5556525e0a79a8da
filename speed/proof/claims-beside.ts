import { SERVED } from '../serve.ts';
import { answersOf, linesOf } from './answers.ts';
import { type Claim, claim, one, onGpu, thousands } from './claim.ts';
import type { FullMemory } from './full-memory.ts';
import { differenceOf, type InBoth } from './in-both.ts';
import type { Likeness } from './likeness.ts';
import { type Done, passed } from './proof.ts';
import type { VerdictTimes } from './verdict.ts';

const LEAST_DRAWN = 1.2e6;
/** 200M samples in three minutes. */
const LEAST_SERVED = 1.1e6;
const LEAST_GIGABYTES = 4;
const ONE_LINE = 'one line, told as memory; the device goes on';

const isOnCard = (done: readonly Done[], backend: string): boolean =>
  passed(done).some((one) => one.gpu && one.backend === backend);

/** Claims of what stands beside a training step: data, tensor cores, the judge, failures and choice. */
export const claimsBeside = (done: readonly Done[]): Claim[] => [
  ...data(done),
  tensorCores(done),
  f1InTf32(done),
  verdict(done),
  ...others(done),
];

function data(done: readonly Done[]): Claim[] {
  const served = linesOf(done, 'serve');
  const line = (wanted: string) => served.find(({ name }) => name === wanted);
  const [ring, drawn] = [line(SERVED.ring), line(SERVED.device)];
  const rates = linesOf(done, 'sampler').map(({ samplesPerSecond: rate }) => Number(rate));
  const isCard = passed(done).some(({ backend, gpu }) => gpu && ['opencl', 'cuda'].includes(backend));
  const alike = linesOf(done, 'sampler').map(({ likeness }) => likeness as Likeness);
  const least = (what: string, wanted: number, rate: number | null) =>
    claim(
      what,
      `at least ${thousands(wanted)}`,
      !isCard || rate === null ? null : thousands(rate),
      rate !== null && rate >= wanted,
    );
  return [
    claim(
      "rates of features that the device draws, against the processor's",
      'of one distribution: z-scores of root mean square 1 ± 0.1, none above 5',
      isCard && alike.length > 0
        ? alike.map(({ rms, worst }) => `${rms.toFixed(2)}, largest ${one(worst)}`).join('; ')
        : null,
      alike.every(({ isAlike }) => isAlike),
    ),
    least('samples drawn on the device, alone', LEAST_DRAWN, rates.length > 0 ? Math.max(...rates) : null),
    least(
      'samples drawn on the device that reach a trainer',
      LEAST_SERVED,
      drawn ? Number(drawn.samplesPerSecond) : null,
    ),
    claim(
      'batches that are served again, through the ring',
      `at least ${LEAST_GIGABYTES} GB/s`,
      ring ? `${one(Number(ring.gigabytesPerSecond))} GB/s` : null,
      Number(ring?.gigabytesPerSecond) >= LEAST_GIGABYTES,
    ),
  ];
}

/** Why there are no encodes in TF32; null where they passed, or were not tried. */
function noTf32(done: readonly Done[]): string | null {
  const part = done.find(({ asked }) => asked.kind === 'golden' && asked.encode && asked.backend === 'cuda');
  return part && 'reason' in part.outcome ? part.outcome.reason : null;
}

/** Encodes in TF32: right, and faster than in float32. */
function tensorCores(done: readonly Done[]): Claim {
  const encodes = (encode: boolean) =>
    onGpu(done)
      .filter(({ part: { asked } }) => asked.backend === 'cuda' && (asked.encode !== undefined) === encode)
      .map(({ answer }) => answer.ms.encode);
  const [tf32, fp32] = [Math.min(...encodes(true)), Math.min(...encodes(false))];
  const isTimed = Number.isFinite(tf32) && Number.isFinite(fp32);
  return claim(
    'an encode by tensor cores (TF32)',
    'right, and faster than in float32',
    isTimed ? `${one(fp32 / tf32)} times as fast (${one(1000 * tf32)} µs)` : noTf32(done),
    isTimed && tf32 < fp32,
  );
}

/** What encodes in TF32 do to a whole run, on as many seeds as there was time for. */
function f1InTf32(done: readonly Done[]): Claim {
  const parts = done.filter(({ asked }) => asked.kind === 'tf32' && asked.size === 'full');
  const made = answersOf<'tf32', InBoth>(parts, 'tf32').filter(({ asked }) => isOnCard(done, asked.backend));
  const [first] = made;
  const why = parts.flatMap(({ outcome }) => ('reason' in outcome ? [outcome.reason] : []))[0];
  const said = first && differenceOf(made.map(({ answer }) => answer));
  const F1 = (value: number) => value.toFixed(4);
  return claim(
    'F1 of the default recipe with encodes in TF32, less that in float32',
    'within the noise: at most two standard errors from 0',
    said
      ? `${F1(said.mean)} ${said.seeds === 1 ? 'on one seed' : `in the mean of ${said.seeds} seeds`} of \`${first.answer.profile}\`; two standard errors are ${F1(said.allowed)}`
      : (why ?? noTf32(done)),
    said !== undefined && Math.abs(said.mean) <= said.allowed,
  );
}

function verdict(done: readonly Done[]): Claim {
  const [found] = answersOf<'verdict', VerdictTimes>(done, 'verdict').filter(
    ({ asked }) => asked.size === 'full',
  );
  const times = found && isOnCard(done, found.asked.backend) ? found.answer : undefined;
  return claim(
    'encoder of a verdict of 500,000 samples at 16k',
    "less time than the judge's own thread",
    times
      ? `verdict ${one(times.seconds)} s; alone: own thread ${one(times.own)} s, a form encoded ${one(times.encodes)} s`
      : null,
    times !== undefined && times.encodes < times.own,
  );
}

function others(done: readonly Done[]): Claim[] {
  const [again] = answersOf<'twice', { losses: number[] }>(done, 'twice').filter(({ asked }) =>
    isOnCard(done, asked.backend),
  );
  const [auto] = answersOf<'auto', { label: string; gpu: boolean }>(done, 'auto');
  const full = answersOf<'memory', FullMemory>(done, 'memory');
  return [
    claim(
      'losses of the same steps, run twice',
      'the same bits',
      again ? again.answer.losses.join(', ') : null,
      again !== undefined && new Set(again.answer.losses).size === 1,
    ),
    ...(full.length === 0 ? [claim('full memory', ONE_LINE, null, null)] : []),
    ...full.map(({ asked, answer }) =>
      claim(`full memory, \`${asked.by}\``, ONE_LINE, answer.line, answer.isToldAsMemory && answer.goesOn),
    ),
    claim('what `auto` takes', 'a GPU', auto ? auto.answer.label : null, auto?.answer.gpu ?? false),
  ];
}

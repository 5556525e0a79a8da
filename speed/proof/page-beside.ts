import { answersOf, linesOf } from './answers.ts';
import { differenceOf, type InBoth } from './in-both.ts';
import type { Likeness } from './likeness.ts';
import type { Done } from './proof.ts';
import { digits, section } from './section.ts';
import type { VerdictTimes } from './verdict.ts';

export function verdicts(done: readonly Done[]): string {
  const rows = answersOf<'verdict', VerdictTimes>(done, 'verdict').map(({ asked, answer }) => [
    `\`${asked.backend}\`${asked.size === 'small' ? ' (small)' : ''}`,
    answer.samples.toLocaleString('en-US'),
    ...[answer.seconds, answer.own, answer.matching, answer.encodes].map(digits),
  ]);
  const head = ['backend', 'samples', 's', 'own drawing and counting', 'matching', 'one form encoded'];
  return section('A verdict, and seconds that its parts take alone', head, rows);
}

export function inTf32(done: readonly Done[]): string {
  const made = answersOf<'tf32', InBoth>(done, 'tf32');
  const rows = made.map(({ asked, answer: { profile, seed, fp32, tf32 } }) => [
    ...[`\`${asked.backend}\``, profile, seed],
    ...[fp32.f1, tf32.f1, tf32.f1 - fp32.f1, fp32.mcc, tf32.mcc].map((value) => value.toFixed(4)),
  ]);
  const full = made.filter(({ asked }) => asked.size === 'full').map(({ answer }) => answer);
  const said = full.length > 0 ? differenceOf(full) : null;
  const head = [
    'backend',
    'profile',
    'seed',
    'F1 in float32',
    'in TF32',
    'difference',
    'MCC in float32',
    'in TF32',
  ];
  return section(
    'F1 with encodes in TF32 and in float32, on the same seeds',
    head,
    rows,
    said
      ? `In the mean ${said.mean.toFixed(4)}. By chance it would be within ${said.allowed.toFixed(4)} (two standard errors, by the noise of the profile) in nineteen of twenty cases. So many seeds (${said.seeds}) find a difference of ${said.found.toFixed(4)} in four of five cases: a smaller one stays open.`
      : 'The tensor cores are emulated here, and hardly anything is trained: these numbers say nothing of a card.',
  );
}

export function again(done: readonly Done[]): string {
  const rows = answersOf<'twice', { losses: number[] }>(done, 'twice').map(({ asked, answer }) => [
    `\`${asked.backend}\``,
    ...answer.losses,
  ]);
  return section('Losses of the same steps, run twice', ['backend', 'first', 'second'], rows);
}

export function choice(done: readonly Done[]): string {
  const [found] = answersOf<'auto', { label: string; why: string }>(done, 'auto');
  return found ? `## What \`auto\` takes\n\n${found.answer.label}: ${found.answer.why}` : '';
}

export function data(done: readonly Done[]): string {
  const rows = [...linesOf(done, 'serve'), ...linesOf(done, 'sampler')].map((line) => [
    String(line.name),
    ...[line.samplesPerSecond, line.gigabytesPerSecond].map((value) => digits(Number(value))),
  ]);
  const notes = linesOf(done, 'sampler').map(({ likeness }) => {
    const { features, rms, worst } = likeness as Likeness;
    return `Rates of ${features} features that a device drew, against the processor's: z-scores of root mean square ${rms.toFixed(2)}, the largest ${worst.toFixed(1)}.`;
  });
  return section('Data service', ['way', 'samples/s', 'GB/s'], rows, notes.join(' '));
}

export function peers(done: readonly Done[], { hasPeer }: { hasPeer: boolean }): string {
  if (!hasPeer) return '## SAELens\n\nNo Python here has it: nothing is compared.';
  const rows = linesOf(done, 'peer').map((line) => [
    String(line.name),
    String(line.device),
    ...['samplesPerSecond', 'peerFp32', 'peerBf16', 'ratio'].map((key) => digits(Number(line[key]))),
  ]);
  return section('SAELens', ['what', 'its device', 'ours, samples/s', 'fp32', 'bf16', 'times as fast'], rows);
}

import { aligned } from '../table.ts';
import type { Device } from './ask.ts';

/** Milliseconds of rounds of one batch, by who did them. */
export interface Rounds {
  /** SAELens, by precision. */
  peer: Record<'fp32' | 'bf16', number[]>;
  /**
   * This project: `blas` with a library for dense products, if one is here; `npm` with the packages of npm
   * ci alone.
   */
  ours: { blas?: number[]; npm: number[] };
}

/** A line of the comparison: samples a second, and how many times as fast as SAELens' best we are. */
export interface PeerLine {
  name: string;
  device: Device;
  /** Our median round with what is best here. */
  ms: number;
  samplesPerSecond: number;
  ratio: number;
  npmAlone: number;
  npmAloneRatio: number;
  peerFp32: number;
  peerBf16: number;
  [more: string]: number | string;
}

/** The line of what was measured. Medians, so that a round that was disturbed counts for little. */
export function lineOf(what: { name: string; device: Device; batch: number }, rounds: Rounds): PeerLine {
  const perSecond = (ms: number[]) => (what.batch * 1000) / median(ms);
  const [peerFp32, peerBf16] = [perSecond(rounds.peer.fp32), perSecond(rounds.peer.bf16)];
  const best = Math.max(peerFp32, peerBf16);
  const fastest = rounds.ours.blas ?? rounds.ours.npm;
  const [ours, npmAlone] = [perSecond(fastest), perSecond(rounds.ours.npm)];
  return {
    name: `peer ${what.name}`,
    device: what.device,
    ms: median(fastest),
    samplesPerSecond: ours,
    ratio: ours / best,
    npmAlone,
    npmAloneRatio: npmAlone / best,
    peerFp32,
    peerBf16,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const HEADS = ['', 'SAELens fp32', 'bf16', 'ours', 'times', 'npm alone', 'times'];

/** The comparison for the eye, in samples a second; ratios are to the better of SAELens' two. */
export function tableOf(lines: readonly PeerLine[]): string {
  const rows = lines.map((line) => [
    `${line.name.replace(/^peer /, '')}${line.device === 'cpu' ? '' : `, SAELens on ${line.device}`}`,
    ...[rate(line.peerFp32), rate(line.peerBf16), rate(line.samplesPerSecond), times(line.ratio)],
    ...[rate(line.npmAlone), times(line.npmAloneRatio)],
  ]);
  return aligned([HEADS, ...rows]);
}

/** Three digits: the fourth differs from call to call. */
const rate = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 1 });
const times = (ratio: number): string => (ratio < 10 ? ratio.toPrecision(2) : ratio.toFixed(0));

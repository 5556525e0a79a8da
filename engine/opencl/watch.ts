import type * as tf from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
import { startsOfNonZeros } from './select.ts';

/** Places of what is watched, as in optimiser.cl: the terms of the loss come first. */
const AT = { total: 16, norm: 17, nonZeros: 18, badStep: 19, kept: 32 };
const ROOM = 64;
/** Numbers that change with the step, as in optimiser.cl; schedules stand behind them. */
export const NUMBER = { rate: 0, correction: 1, step: 2, mostLoss: 3, schedules: 4 };
const MOST_NUMBERS = 32;
/** Terms that a launch takes, and the most of all. */
const SOME = 6;
const MOST_TERMS = AT.total;

/** What was watched in a step. */
export interface Watched {
  terms: number[];
  total: number;
  norm: number;
  /** Numbers of the codes that are not 0. */
  nonZeros: number;
  /** The first step that went wrong, whose numbers these are then; null as long as all are finite. */
  badStep: number | null;
}

/**
 * What is watched of a training, and the numbers of its present step, on the device. Once a term or the norm
 * of the gradients is not finite, nothing trains any more until this is cleared.
 */
export class Watch {
  readonly watched: DeviceBuffer;
  readonly numbers: DeviceBuffer;
  readonly present = new Float32Array(MOST_NUMBERS);
  private terms = 0;

  constructor(private readonly backend: OpenClBackend) {
    this.watched = backend.device.allocateLasting(ROOM);
    this.watched.overwritten = () => {};
    this.numbers = backend.device.allocateLasting(MOST_NUMBERS);
    this.present[NUMBER.mostLoss] = Number.POSITIVE_INFINITY;
    this.clear();
  }

  clear(): void {
    const start = new Float32Array(ROOM);
    start[AT.badStep] = -1;
    this.backend.device.write(this.watched, start);
  }

  /** Brings the numbers of a step to the device. */
  begin(): void {
    this.backend.device.write(this.numbers, this.present);
  }

  /** The terms of a loss, their sum, and the codes. Reads nothing. */
  note(terms: readonly tf.Tensor[], total: tf.Tensor, codes: tf.Tensor): void {
    if (terms.length > MOST_TERMS) throw new Error(`a loss of ${terms.length} terms: at most ${MOST_TERMS}`);
    const { backend, watched } = this;
    this.terms = terms.length;
    const [rows, columns] = codes.shape as [number, number];
    const known = backend.sparse(codes);
    const starts =
      known?.pattern.starts ?? startsOfNonZeros(backend.device, backend.buffer(codes), rows, columns);
    const sum = backend.buffer(total);
    for (let i = 0; i < terms.length; i += SOME) {
      const some = terms.slice(i, i + SOME);
      const buffers = Array.from({ length: SOME }, (_, at) => (some[at] ? backend.buffer(some[at]) : null));
      const args = [...buffers, some.length, i, sum, starts, rows, watched];
      backend.device.rows('optimiser', 'watch_terms', 1, args);
    }
    if (!known) backend.device.release(starts);
  }

  /** How many terms there are. */
  get count(): number {
    return this.terms;
  }

  /** Waits for the device, and says what the last step was like. */
  read(): Watched {
    const all = new Float32Array(ROOM);
    this.backend.device.read([[this.watched, all]]);
    const isBad = all[AT.badStep] >= 0;
    const from = isBad ? AT.kept : 0;
    return {
      terms: [...all.subarray(from, from + this.terms)],
      total: all[from + AT.total],
      norm: all[from + AT.norm],
      nonZeros: all[from + AT.nonZeros],
      badStep: isBad ? all[AT.badStep] : null,
    };
  }
}

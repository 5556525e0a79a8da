import * as tf from '@tensorflow/tfjs-core';
import type { Scheduled } from '../step-numbers.ts';
import { DeviceAdam } from './adam.ts';
import { type OpenClBackend, openClBackend } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
import { Staging } from './staging.ts';
import type { Trace } from './trace.ts';
import { NUMBER, Watch, type Watched } from './watch.ts';

/** The inputs of a step. */
export interface StepOf {
  /** x [rows, d], row-major. */
  x: Float32Array;
  rows: number;
  d: number;
  /** From 0. */
  step: number;
  learningRate: number;
  /** The largest loss with which training goes on. */
  mostLoss: number;
}

/** What a step does, given x: it calls `schedule`, `note` and `update`. */
export type Body = (x: tf.Tensor) => void;

interface Schedule {
  at(step: number): number;
  of(value: number): number;
}

/** How a step came about: computed by its JavaScript, replayed, or both and compared. */
export interface StepCounts {
  eager: number;
  replayed: number;
  compared: number;
}

/** Steps from one comparison of a replayed step with an eager one to the next. */
const COMPARE_EVERY = 1000;
/** Records in a row that were of no use, after which steps are recorded only now and then. */
const MOST_VAIN = 8;
const RECORD_EVERY = 256;

/**
 * Training steps on a device, whose results stay there until they are read. The numbers that change with the
 * step lie there too. Once two steps in a row did the same, later ones are replayed without their JavaScript.
 */
export class DeviceRun {
  readonly watch: Watch;
  readonly counts: StepCounts = { eager: 0, replayed: 0, compared: 0 };
  private readonly staging: Staging;
  private input: DeviceBuffer | null = null;
  private schedules: Schedule[] = [];
  private step = 0;
  /** The record of the last step, if it could be replayed. */
  private before: Trace | null = null;
  /** What else the steps that are replayed depend on. */
  private key = '';
  private vain = 0;
  private isTrusted = true;
  private sinceCompared = 0;

  constructor(
    private readonly adam: DeviceAdam,
    private readonly backend: OpenClBackend,
    private readonly compareEvery = COMPARE_EVERY,
  ) {
    this.watch = new Watch(backend);
    this.staging = new Staging(backend.device);
  }

  /**
   * Queues a step. `key` names all values of this process that the step depends on beside its inputs and
   * schedules; null for a step that must not be replayed. Returns whether `body` was called.
   */
  run(input: StepOf, key: string | null, body: Body): boolean {
    const { device } = this.backend;
    const size = input.rows * input.d;
    if (!this.input || this.input.bytes < 4 * size) {
      this.dispose();
      this.input = device.allocateLasting(size);
    }
    this.step = input.step;
    this.prepare(input);
    const x = input.x.subarray(0, size);
    const { numbers, present } = this.watch;
    this.staging.bring([
      { buffer: this.input, values: x },
      { buffer: numbers, values: present },
    ]);
    const full = key === null ? null : `${input.rows} ${input.d} ${device.group} ${key}`;
    const ran = this.doStep(input, full, body);
    device.flush();
    this.adam.count();
    return ran;
  }

  private doStep(input: StepOf, key: string | null, body: Body): boolean {
    const { device } = this.backend;
    if (key !== null && key !== this.key) device.forget();
    const trace = key === null ? null : device.replayable;
    if (trace && this.sinceCompared++ < this.compareEvery) {
      trace.replay();
      this.counts.replayed++;
      return false;
    }
    if (trace) this.compare(trace, input, body);
    else if (key !== null && this.isTrusted && this.isWorthRecording()) this.recordOne(input, key, body);
    else this.eager(input, body);
    return true;
  }

  private isWorthRecording(): boolean {
    return this.vain < MOST_VAIN || this.step % RECORD_EVERY < 2;
  }

  /** An eager step that is recorded, and kept if it did what the one before it did. */
  private recordOne(input: StepOf, key: string, body: Body): void {
    const { device } = this.backend;
    const trace = this.recorded(input, body);
    const { before } = this;
    if (before && trace.problem === null && this.key === key && trace.isSame(before)) {
      this.before = null;
      this.vain = 0;
      this.sinceCompared = 0;
      device.keep(trace);
      return;
    }
    this.vain++;
    this.key = key;
    this.before = trace.problem === null ? trace : null;
    trace.dispose();
  }

  private recorded(input: StepOf, body: Body): Trace {
    const { device } = this.backend;
    device.record();
    try {
      this.eager(input, body);
    } catch (error) {
      device.endRecord().dispose();
      throw error;
    }
    return device.endRecord();
  }

  /** Replays the step, computes it again from the same state, and looks whether the results are the same. */
  private compare(trace: Trace, input: StepOf, body: Body): void {
    const { device } = this.backend;
    const { state } = trace;
    const copies = () =>
      state.map((buffer) => {
        const copy = device.allocateLasting(buffer.bytes / 4);
        device.copy(buffer, copy);
        return copy;
      });
    const start = copies();
    trace.replay();
    const replayed = copies();
    for (const [i, buffer] of state.entries()) device.copy(start[i], buffer);
    const again = this.recorded(input, body);
    const count = device.upload(Int32Array.of(0));
    for (const [i, buffer] of state.entries()) {
      const size = buffer.bytes / 4;
      device.each('movement', 'count_different', size, [buffer, replayed[i], size, count]);
    }
    const different = new Int32Array(1);
    device.read([[count, different]]);
    for (const buffer of [...start, ...replayed, count]) device.release(buffer);
    this.counts.compared++;
    this.sinceCompared = 0;
    if (different[0] > 0 || again.problem !== null || !again.isSame(trace)) this.distrust(again.problem);
    again.dispose();
  }

  private distrust(problem: string | null): void {
    this.isTrusted = false;
    this.backend.device.forget();
    process.stderr.write(
      `device: a replayed step was not what its code computes at step ${this.step}${problem ? ` (${problem})` : ''}; steps are no longer replayed. The code of the loss depends on something that changes from step to step: give it as a schedule\n`,
    );
  }

  /** Says that the present step depends on its number otherwise than by a schedule. */
  spoil(problem: string): void {
    this.backend.device.spoil(problem);
  }

  /** The numbers of the step. */
  private prepare({ step, learningRate, mostLoss }: StepOf): void {
    const { present } = this.watch;
    this.adam.prepare(present, learningRate);
    present[NUMBER.step] = step;
    present[NUMBER.mostLoss] = mostLoss;
    for (const [i, { at, of }] of this.schedules.entries()) present[NUMBER.schedules + i] = of(at(step));
  }

  private eager({ rows, d }: StepOf, body: Body): void {
    const { backend } = this;
    this.counts.eager++;
    this.schedules = [];
    const lent = backend.lend([rows, d], this.input as DeviceBuffer);
    const x = tf.engine().makeTensorFromTensorInfo(lent, backend);
    try {
      tf.tidy(() => {
        body(x);
      });
    } finally {
      x.dispose();
    }
  }

  /** A number of the step, by a function of the step alone. */
  schedule(at: (step: number) => number, most: number): Scheduled {
    const now = at(this.step);
    return {
      now,
      most,
      place: (of) => {
        const place = NUMBER.schedules + this.schedules.length;
        this.schedules.push({ at, of });
        // A step that was not prepared with this schedule brings its number now.
        if (this.watch.present[place] !== Math.fround(of(now))) {
          this.watch.present[place] = of(now);
          this.watch.begin();
        }
        return { numbers: this.watch.numbers, place };
      },
    };
  }

  note(terms: readonly tf.Tensor[], total: tf.Tensor, codes: tf.Tensor): void {
    this.watch.note(terms, total, codes);
  }

  update(gradients: Record<string, tf.Tensor>): void {
    this.adam.queue(gradients, this.watch);
  }

  read(): Watched {
    return this.watch.read();
  }

  dispose(): void {
    this.backend.device.forget();
    this.staging.dispose();
    if (this.input) this.backend.device.release(this.input);
    this.input = null;
  }
}

/** Steps on the device of this optimiser; null where it is not one of a device. */
export function deviceRun(adam: object, compareEvery?: number): DeviceRun | null {
  const backend = openClBackend();
  if (!backend || !(adam instanceof DeviceAdam)) return null;
  return new DeviceRun(adam, backend, compareEvery);
}

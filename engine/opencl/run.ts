import * as tf from '@tensorflow/tfjs-core';
import type { Scheduled } from '../step-numbers.ts';
import { DeviceAdam } from './adam.ts';
import { type OpenClBackend, openClBackend } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
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

/**
 * Training steps on a device, whose results stay there until they are read. The numbers that change with the
 * step lie there too.
 */
export class DeviceRun {
  readonly watch: Watch;
  private input: DeviceBuffer | null = null;
  private schedules: Schedule[] = [];
  private step = 0;

  constructor(
    private readonly adam: DeviceAdam,
    private readonly backend: OpenClBackend,
  ) {
    this.watch = new Watch(backend);
  }

  /** Queues a step. */
  run(input: StepOf, body: Body): void {
    const { device } = this.backend;
    this.input ??= device.allocateLasting(input.rows * input.d);
    this.step = input.step;
    device.write(this.input, input.x.subarray(0, input.rows * input.d));
    this.prepare(input);
    this.eager(input, body);
    this.adam.count();
  }

  /** The numbers of the step. */
  private prepare({ step, learningRate, mostLoss }: StepOf): void {
    const { present } = this.watch;
    this.adam.prepare(present, learningRate);
    present[NUMBER.step] = step;
    present[NUMBER.mostLoss] = mostLoss;
    for (const [i, { at, of }] of this.schedules.entries()) present[NUMBER.schedules + i] = of(at(step));
    this.watch.begin();
  }

  private eager({ rows, d }: StepOf, body: Body): void {
    const { backend } = this;
    this.schedules = [];
    const lent = backend.lend([rows, d], this.input as DeviceBuffer);
    const x = tf.engine().makeTensorFromTensorInfo(lent, backend);
    tf.tidy(() => {
      body(x);
    });
    x.dispose();
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
    if (this.input) this.backend.device.release(this.input);
    this.input = null;
  }
}

/** Steps on the device of this optimiser; null where it is not one of a device. */
export function deviceRun(adam: object): DeviceRun | null {
  const backend = openClBackend();
  if (!backend || !(adam instanceof DeviceAdam)) return null;
  return new DeviceRun(adam, backend);
}

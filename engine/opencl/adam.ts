import type * as tf from '@tensorflow/tfjs-core';
import type { AdamSettings, Moments, Optimizer } from '../optimizer.ts';
import type { OpenClBackend } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
import { NUMBER, Watch } from './watch.ts';

/** Arrays that a launch takes, as in optimiser.cl. */
const SOME = 6;
/** Weights of a work item, as in optimiser.cl. */
const EACH = 4;
/** The sum of squares is made of blocks of so many numbers at least, and of so many blocks at most. */
const LEAST_BLOCK = 4096;
const MOST_BLOCKS = 2048;

/** Parameters in a fixed order, with the place of their moments. */
interface Parameter {
  name: string;
  size: number;
  from: number;
}

/**
 * Adam as in adam.ts, on the device: the norm of all gradients is made there, and one pass over all
 * parameters clips the gradients and updates the weights where they lie.
 */
export class DeviceAdam implements Optimizer {
  private readonly moments: DeviceBuffer;
  private readonly order: readonly Parameter[];
  private readonly all: number;
  private readonly own: Watch;
  private steps = 0;

  constructor(
    private readonly parameters: Record<string, tf.Variable>,
    private readonly settings: AdamSettings,
    private readonly backend: OpenClBackend,
  ) {
    let from = 0;
    this.order = Object.entries(parameters).map(([name, { size }]) => {
      const parameter = { name, size, from };
      from += size;
      return parameter;
    });
    this.all = from;
    const { device } = backend;
    this.moments = device.allocateLasting(2 * this.all);
    this.moments.overwritten = () => {};
    device.each('elementwise', 'fill', 2 * this.all, [this.moments, 2 * this.all, 0]);
    this.own = new Watch(backend);
  }

  step(gradients: Record<string, tf.Tensor>, learningRate: number): number {
    this.prepare(this.own.present, learningRate);
    this.own.begin();
    this.queue(gradients, this.own);
    const { norm, badStep } = this.own.read();
    if (badStep === null) this.steps++;
    else this.own.clear();
    return norm;
  }

  /** Sets the numbers of the next step. */
  prepare(numbers: Float32Array, learningRate: number): void {
    const { beta1, beta2 } = this.settings;
    const step = this.steps + 1;
    numbers[NUMBER.rate] = learningRate / (1 - beta1 ** step);
    numbers[NUMBER.correction] = Math.sqrt(1 - beta2 ** step);
  }

  /** Counts a step that was queued. */
  count(): void {
    this.steps++;
  }

  /** Queues the update by these gradients, with the numbers that `watch` has on the device. Reads nothing. */
  queue(gradients: Record<string, tf.Tensor>, watch: Watch): void {
    const { backend, settings } = this;
    const { device } = backend;
    const some = this.order.filter(({ name }) => gradients[name]);
    const each = Math.max(LEAST_BLOCK, Math.ceil(this.all / MOST_BLOCKS));
    const blocksOf = ({ size }: Parameter) => Math.ceil(size / each);
    const groups = Array.from({ length: Math.ceil(some.length / SOME) }, (_, i) =>
      some.slice(i * SOME, (i + 1) * SOME),
    );
    const blocks = some.reduce((sum, parameter) => sum + blocksOf(parameter), 0);
    const squares = device.allocate(Math.max(1, blocks));
    const six = <T>(list: readonly T[], none: T) => Array.from({ length: SOME }, (_, i) => list[i] ?? none);
    let to = 0;
    for (const group of groups) {
      const buffers = group.map(({ name }) => backend.buffer(gradients[name]));
      const sizes = group.map(({ size }) => size);
      const count = group.reduce((sum, parameter) => sum + blocksOf(parameter), 0);
      const args = [...six<DeviceBuffer | null>(buffers, null), ...six(sizes, 0), each, squares, to];
      device.rows('optimiser', 'squares_of_gradients', count, args);
      to += count;
    }
    const ends = [squares, blocks, watch.count, watch.numbers, watch.watched];
    device.rows('optimiser', 'norm_of_squares', 1, ends);
    device.release(squares);
    const { beta1, beta2, epsilon, maxGradNorm } = settings;
    const factors = [maxGradNorm ?? -1, beta1, beta2, 1 - beta1, 1 - beta2, epsilon];
    for (const group of runs(groups)) {
      const weights = group.map(({ name }) => backend.toOverwrite(this.parameters[name]));
      const slopes = group.map(({ name }) => backend.buffer(gradients[name]));
      const sizes = group.map(({ size }) => size);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const [w, g] = [weights, slopes].map((list) => six<DeviceBuffer | null>(list, null));
      const state = [this.moments, group[0].from, this.all, watch.numbers, watch.watched];
      device.each('optimiser', 'adam', Math.ceil(total / EACH), [
        ...w,
        ...g,
        ...six(sizes, 0),
        ...state,
        ...factors,
      ]);
    }
  }

  state(): { steps: number; moments: ReadonlyMap<string, Moments> } {
    const all = new Float32Array(2 * this.all);
    this.backend.device.read([[this.moments, all]]);
    const moments = this.order.map(({ name, size, from }) => {
      const second = this.all + from;
      return [
        name,
        { first: all.slice(from, from + size), second: all.slice(second, second + size) },
      ] as const;
    });
    return { steps: this.steps, moments: new Map(moments) };
  }

  restore(state: { steps: number; moments: ReadonlyMap<string, Moments> }): void {
    const all = new Float32Array(2 * this.all);
    for (const [name, { first, second }] of state.moments) {
      const own = this.order.find((parameter) => parameter.name === name);
      if (!own || own.size !== first.length) throw new Error(`no parameter "${name}" of that size`);
      all.set(first, own.from);
      all.set(second, this.all + own.from);
    }
    this.steps = state.steps;
    this.backend.device.write(this.moments, all);
  }
}

/** The groups, cut where a parameter without a gradient lies between: moments must follow each other. */
function runs(groups: readonly (readonly Parameter[])[]): Parameter[][] {
  const out: Parameter[][] = [];
  for (const group of groups) {
    let open: Parameter[] = [];
    for (const parameter of group) {
      const last = open.at(-1);
      if (!last || last.from + last.size !== parameter.from) {
        open = [];
        out.push(open);
      }
      open.push(parameter);
    }
  }
  return out;
}

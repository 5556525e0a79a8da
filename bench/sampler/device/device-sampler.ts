import type { DeviceBuffer } from '#engine/opencl/buffers';
import type { Driver } from '#engine/opencl/driver';
import type { Source } from '#engine/opencl/programs';
import type { World } from '../../world/world.ts';
import type { SparseRows } from '../sampler.ts';
import { samplerDriver } from './drivers.ts';
import { GROUP, SAMPLER } from './kernels.ts';
import { Runner } from './runner.ts';
import { ENTRY_WORDS, Slices } from './slices.ts';

/** Batches worth drawing at a time, and their bytes: a card that two processes share changes slowly. */
const AT_A_TIME = 4;
const MOST_BYTES = 64 << 20;

/** Those of each device, by source. */
const runners = new WeakMap<Driver, Map<Source, Runner>>();

/**
 * Draws samples of a world on a device, by OpenCL or by the CUDA driver, equal in distribution to `Sampler`,
 * which is the reference. The samples are others than those of `Sampler` at the same seed: they depend on
 * seed, batch index, row and feature alone, and in the last digits on the device.
 */
export class DeviceSampler {
  private readonly runner: Runner;
  private readonly slices: Slices;
  private batches: { memory: DeviceBuffer[]; rows: number; wanted: number } | null = null;
  /** Batches that are drawn already: so many from `index` on. */
  private ahead: { index: number; count: number; rows: number } | null = null;

  /** @throws DeviceError where no device starts or its memory is too small */
  constructor(
    private readonly world: World,
    seed: number,
    private readonly driver: Driver = samplerDriver(),
    source: Source = SAMPLER,
  ) {
    this.runner = runnerOn(driver, source);
    this.slices = new Slices(this.runner, world, seed);
  }

  /** "NVIDIA H200, driver 580.159", or "NVIDIA H200, CUDA 13.0" by that driver alone. */
  get label(): string {
    const { name, platform, version } = this.driver.found;
    return `${name}, ${platform === 'CUDA' ? platform : 'driver'} ${version}`;
  }

  /** Memory of this process for activations, which the device writes to by itself where it can. */
  hostMemory(bytes: number): ArrayBuffer {
    return this.driver.hostMemory(bytes) ?? new ArrayBuffer(bytes);
  }

  /** Writes the activations [rows, hidden_dim] of the batch of that index. */
  write(index: number, rows: number, x: Float32Array): void {
    this.runner.read(this.drawn(index, rows), x.subarray(0, rows * this.world.hiddenDim));
  }

  /** How many batches of that many rows are worth drawing in one go. */
  atATime(rows: number): number {
    const bytes = 4 * rows * this.world.hiddenDim;
    return Math.max(1, Math.floor(Math.min(AT_A_TIME, MOST_BYTES / bytes)));
  }

  /**
   * Writes a batch into each array, from that index on; an array that is shorter takes the first rows. Then
   * it has the device draw as many more in one go, while this process sends these.
   */
  writeAndBeginNext(index: number, rows: number, ...xs: Float32Array[]): void {
    const d = this.world.hiddenDim;
    for (const [i, x] of xs.entries()) this.write(index + i, Math.min(rows, x.length / d), x);
    const next = index + xs.length;
    const { ahead } = this;
    if (ahead && next < ahead.index + ahead.count) return;
    const memory = this.memoryFor(rows, xs.length).slice(0, xs.length);
    for (const [i, one] of memory.entries()) this.slices.draw(next + i, rows, one);
    this.ahead = { index: next, count: memory.length, rows };
    this.driver.flush();
  }

  /** The batch of that index as `Sampler.sample` gives it: active features, and activations in `x`. */
  sample(index: number, rows: number, x?: Float32Array): SparseRows {
    const { places, features: featureOf, rows: most } = this.slices;
    const offsets = new Uint32Array(rows + 1);
    const features: number[] = [];
    const values: number[] = [];
    const counts = new Int32Array(Math.min(most, rows));
    const entries = new Int32Array(counts.length * places * ENTRY_WORDS);
    const numbers = new Float32Array(entries.buffer);
    for (let first = 0; first < rows; first += most) {
      const inSlice = Math.min(most, rows - first);
      const read = entries.subarray(0, inSlice * places * ENTRY_WORDS);
      this.slices.read(index, first, counts.subarray(0, inSlice), read);
      for (let row = 0; row < inSlice; row++) {
        for (let e = 0; e < counts[row]; e++) {
          const at = (row * places + e) * ENTRY_WORDS;
          features.push(featureOf[entries[at + 1]]);
          values.push(numbers[at + 3]);
        }
        offsets[first + row + 1] = features.length;
      }
    }
    if (x) this.write(index, rows, x);
    return { rows, offsets, features: Uint32Array.from(features), values: Float32Array.from(values) };
  }

  /** The batch of that index on the device, once what is queued is done. */
  private drawn(index: number, rows: number): DeviceBuffer {
    const memory = this.memoryFor(rows, 1);
    const { ahead } = this;
    // A row does not depend on how many there are: the last rows of a stream begin a batch that is drawn.
    if (ahead && ahead.rows >= rows && index >= ahead.index && index < ahead.index + ahead.count) {
      return memory[index - ahead.index];
    }
    this.ahead = null;
    this.slices.draw(index, rows, memory[0]);
    return memory[0];
  }

  /** Memory for so many batches of that many rows, or for fewer of them where it is short. */
  private memoryFor(rows: number, wanted: number): DeviceBuffer[] {
    const { batches } = this;
    if (batches && batches.rows >= rows && batches.wanted >= wanted) return batches.memory;
    for (const memory of batches?.memory ?? []) this.runner.release(memory);
    this.ahead = null;
    this.batches = null;
    const memory = this.severalOf(4 * rows * this.world.hiddenDim, wanted);
    this.batches = { memory, rows, wanted };
    return memory;
  }

  private severalOf(bytes: number, wanted: number): DeviceBuffer[] {
    do {
      for (let count = wanted; count > 0; count--) {
        const memory = this.runner.allocateAll(Array(count).fill(bytes));
        if (memory) return memory;
      }
    } while (this.slices.shrink());
    throw this.runner.full(bytes);
  }
}

function runnerOn(driver: Driver, source: Source): Runner {
  const own = runners.get(driver) ?? new Map<Source, Runner>();
  runners.set(driver, own);
  const runner = own.get(source) ?? new Runner(driver, source, Math.min(GROUP, driver.found.largestGroup));
  own.set(source, runner);
  return runner;
}

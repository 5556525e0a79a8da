import type { DeviceBuffer } from '#engine/opencl/buffers';
import type { Driver } from '#engine/opencl/driver';
import type { World } from '../../world/world.ts';
import { planOf } from '../plan.ts';
import type { SparseRows } from '../sampler.ts';
import { samplerDriver } from './drivers.ts';
import { GROUP, macrosFor, SAMPLER } from './kernels.ts';
import { preorderOf } from './preorder.ts';
import { Runner } from './runner.ts';

/** Bytes for the active features of the rows that are drawn at a time, with places for all features. */
const ENTRIES_BYTES = 128 << 20;
const MOST_ROWS = 4096;

/** Those of each device, by what they are built with. */
const runners = new WeakMap<Driver, Map<string, Runner>>();

/**
 * Draws samples of a world on a device, by OpenCL or by the CUDA driver, equal in distribution to `Sampler`,
 * which is the reference. The samples are others than those of `Sampler` at the same seed: they depend on
 * seed, batch index, row and feature alone, and in the last digits on the device.
 */
export class DeviceSampler {
  private readonly runner: Runner;
  private readonly memory: Record<
    'loadings' | 'cutoffs' | 'means' | 'stds' | 'nodes' | 'tops' | 'vectors' | 'bias',
    DeviceBuffer
  >;
  private readonly entries: Record<'features' | 'values' | 'counts', DeviceBuffer>;
  private readonly rank: number;
  private readonly tops: number;
  /** Rows that are drawn at a time. */
  private readonly slice: number;
  private x: { memory: DeviceBuffer; rows: number } | null = null;
  /** The batch that is drawn into `x` already. */
  private ahead: { index: number; rows: number } | null = null;

  /** @throws DeviceError where no device starts or its memory is too small */
  constructor(
    private readonly world: World,
    private readonly seed: number,
    private readonly driver: Driver = samplerDriver(),
  ) {
    const { rank, loadings, cutoffs } = planOf(world);
    const { nodes, tops, levels } = preorderOf(world);
    const n = world.numFeatures;
    this.rank = rank;
    this.runner = runnerOn(driver, macrosFor(rank, levels));
    const { runner } = this;
    this.memory = {
      loadings: runner.filled(byFactor(loadings, n)),
      ...{
        cutoffs: runner.filled(cutoffs),
        means: runner.filled(world.means),
        stds: runner.filled(world.stds),
      },
      ...{ nodes: runner.filled(nodes), tops: runner.filled(tops) },
      ...{ vectors: runner.filled(world.featureVectors), bias: runner.filled(world.bias) },
    };
    this.tops = tops.length;
    this.slice = Math.min(MOST_ROWS, Math.max(1, Math.floor(ENTRIES_BYTES / (8 * n))));
    this.entries = {
      features: runner.allocate(4 * this.slice * n),
      values: runner.allocate(4 * this.slice * n),
      counts: runner.allocate(4 * this.slice),
    };
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
    const memory = this.drawn(index, rows);
    this.runner.read(memory, x.subarray(0, rows * this.world.hiddenDim));
  }

  /** The same, and has the device draw the next batch of that size while this process sends this one. */
  writeAndBeginNext(index: number, rows: number, x: Float32Array): void {
    this.write(index, rows, x);
    this.drawn(index + 1, rows);
    this.ahead = { index: index + 1, rows };
    this.driver.flush();
  }

  /** The batch of that index on the device, once what is queued is done. */
  private drawn(index: number, rows: number): DeviceBuffer {
    const memory = this.roomFor(rows);
    const { ahead } = this;
    this.ahead = null;
    if (ahead?.index === index && ahead.rows === rows) return memory;
    for (let first = 0; first < rows; first += this.slice) {
      const inSlice = Math.min(this.slice, rows - first);
      this.draw(index, first, inSlice);
      this.synthesise(first, inSlice, memory);
    }
    return memory;
  }

  /** The batch of that index as `Sampler.sample` gives it: active features, and activations in `x`. */
  sample(index: number, rows: number, x?: Float32Array): SparseRows {
    const n = this.world.numFeatures;
    const offsets = new Uint32Array(rows + 1);
    const features: number[] = [];
    const values: number[] = [];
    for (let first = 0; first < rows; first += this.slice) {
      const inSlice = Math.min(this.slice, rows - first);
      this.draw(index, first, inSlice);
      const all = {
        counts: new Int32Array(inSlice),
        features: new Int32Array(inSlice * n),
        values: new Float32Array(inSlice * n),
      };
      for (const name of ['counts', 'features', 'values'] as const)
        this.runner.read(this.entries[name], all[name]);
      for (const [row, count] of all.counts.entries()) {
        offsets[first + row + 1] = offsets[first + row] + count;
        features.push(...all.features.subarray(row * n, row * n + count));
        values.push(...all.values.subarray(row * n, row * n + count));
      }
    }
    if (x) this.write(index, rows, x);
    return { rows, offsets, features: Uint32Array.from(features), values: Float32Array.from(values) };
  }

  private draw(index: number, first: number, rows: number): void {
    const { memory, entries, seed } = this;
    const { loadings, cutoffs, means, stds, nodes, tops } = memory;
    this.runner.run('draw_rows', rows, [
      ...[loadings, cutoffs, means, stds, nodes, tops],
      ...[this.tops, this.world.numFeatures, this.rank, first],
      ...[...words(seed), ...words(index)],
      ...[entries.features, entries.values, entries.counts],
    ]);
  }

  private synthesise(first: number, rows: number, x: DeviceBuffer): void {
    const { memory, entries, world } = this;
    this.runner.run('synthesise', rows, [
      ...[memory.vectors, memory.bias, entries.features, entries.values, entries.counts],
      ...[world.numFeatures, world.hiddenDim, first, x],
    ]);
  }

  private roomFor(rows: number): DeviceBuffer {
    if (this.x && this.x.rows >= rows) return this.x.memory;
    if (this.x) this.runner.release(this.x.memory);
    this.x = { memory: this.runner.allocate(4 * rows * this.world.hiddenDim), rows };
    return this.x.memory;
  }
}

function runnerOn(driver: Driver, macros: readonly string[]): Runner {
  const own = runners.get(driver) ?? new Map<string, Runner>();
  runners.set(driver, own);
  const key = macros.join(' ');
  const runner =
    own.get(key) ?? new Runner(driver, SAMPLER, Math.min(GROUP, driver.found.largestGroup), macros);
  own.set(key, runner);
  return runner;
}

/** Loadings [features, rank] as [rank, features]. */
function byFactor(loadings: Float32Array, features: number): Float32Array {
  const rank = loadings.length / features;
  return Float32Array.from(loadings, (_, at) => loadings[(at % features) * rank + Math.floor(at / features)]);
}

/** A whole number as two words of 32 bits, the low one first. */
const words = (number: number): [number, number] => [number | 0, Math.floor(number / 2 ** 32) | 0];

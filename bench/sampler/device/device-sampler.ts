import type { DeviceBuffer } from '#engine/opencl/buffers';
import type { Driver } from '#engine/opencl/driver';
import type { Source } from '#engine/opencl/programs';
import type { World } from '../../world/world.ts';
import type { SparseRows } from '../sampler.ts';
import { samplerDriver } from './drivers.ts';
import { BLOCK, GROUP, SAMPLER } from './kernels.ts';
import { Runner } from './runner.ts';
import { type Tables, tablesOf } from './tables.ts';

/** Words of an entry, of which each row has room for as many as there are places. */
const ENTRY_WORDS = 4;
/** Bytes for all of the rows that are drawn at a time: a thousand at the sizes of 16k. */
const SLICE_BYTES = 288 << 20;
const MOST_ROWS = 4096;
/** Batches that are drawn at a time, and their bytes: a card that two processes share changes slowly. */
const AHEAD = 4;
const AHEAD_BYTES = 64 << 20;

/** Those of each device, by source. */
const runners = new WeakMap<Driver, Map<string, Runner>>();

/**
 * Draws samples of a world on a device, by OpenCL or by the CUDA driver, equal in distribution to `Sampler`,
 * which is the reference. The samples are others than those of `Sampler` at the same seed: they depend on
 * seed, batch index, row and feature alone, and in the last digits on the device.
 */
export class DeviceSampler {
  private readonly runner: Runner;
  private readonly tables: Pick<
    Tables,
    'rank' | 'places' | 'tops' | 'levels' | 'quads' | 'pairs' | 'features'
  >;
  private readonly memory: Record<
    | 'nodes'
    | 'loadings'
    | 'topLoadings'
    | 'cutoffs'
    | 'topCutoffs'
    | 'magnitudes'
    | 'vectors'
    | 'bias'
    | 'entries'
    | 'counts'
    | 'reach'
    | 'z'
    | 'found',
    DeviceBuffer
  >;
  /** Rows that are drawn at a time. */
  private readonly slice: number;
  private batches: { memory: DeviceBuffer[]; rows: number } | null = null;
  /** Batches that are drawn already: so many from `index` on. */
  private ahead: { index: number; count: number; rows: number } | null = null;

  /** @throws DeviceError where no device starts or its memory is too small */
  constructor(
    private readonly world: World,
    private readonly seed: number,
    private readonly driver: Driver = samplerDriver(),
    source: Source = SAMPLER,
  ) {
    const tables = tablesOf(world);
    const { rank, places, tops, levels, quads, pairs, features } = tables;
    this.tables = { rank, places, tops, levels, quads, pairs, features };
    const rowBytes = 4 * ENTRY_WORDS * places + 4 * rank + (4 * quads) / BLOCK;
    this.slice = BLOCK * atMost(MOST_ROWS / BLOCK, SLICE_BYTES / (BLOCK * rowBytes));
    this.runner = runnerOn(driver, source);
    const { runner, slice } = this;
    const { nodes, loadings, topLoadings, cutoffs, topCutoffs, magnitudes, vectors, bias } = tables;
    this.memory = {
      ...{ nodes: runner.filled(nodes), loadings: runner.filled(loadings) },
      ...{ topLoadings: runner.filled(topLoadings), cutoffs: runner.filled(cutoffs) },
      ...{ topCutoffs: runner.filled(topCutoffs), magnitudes: runner.filled(magnitudes) },
      ...{ vectors: runner.filled(vectors), bias: runner.filled(bias) },
      ...{ entries: runner.allocate(4 * ENTRY_WORDS * places * slice), counts: runner.allocate(4 * slice) },
      ...{ z: runner.allocate(4 * rank * slice), reach: runner.allocate(8 * slice) },
      ...{ found: runner.allocate((4 * quads * slice) / BLOCK) },
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
    this.runner.read(this.drawn(index, rows), x.subarray(0, rows * this.world.hiddenDim));
  }

  /**
   * The same, and once those that are drawn are used up, has the device draw the next batches of that size,
   * several in one go, while this process sends this one.
   */
  writeAndBeginNext(index: number, rows: number, x: Float32Array): void {
    this.write(index, rows, x);
    const { ahead } = this;
    if (ahead && index + 1 < ahead.index + ahead.count) return;
    const memory = this.roomFor(rows);
    for (const [i, one] of memory.entries()) this.draw(index + 1 + i, rows, one);
    this.ahead = { index: index + 1, count: memory.length, rows };
    this.driver.flush();
  }

  /** The batch of that index on the device, once what is queued is done. */
  private drawn(index: number, rows: number): DeviceBuffer {
    const memory = this.roomFor(rows);
    const { ahead } = this;
    if (ahead && ahead.rows === rows && index >= ahead.index && index < ahead.index + ahead.count) {
      return memory[index - ahead.index];
    }
    this.ahead = null;
    this.draw(index, rows, memory[0]);
    return memory[0];
  }

  /** The batch of that index as `Sampler.sample` gives it: active features, and activations in `x`. */
  sample(index: number, rows: number, x?: Float32Array): SparseRows {
    const { places, features: featureOf } = this.tables;
    const offsets = new Uint32Array(rows + 1);
    const features: number[] = [];
    const values: number[] = [];
    const most = this.slice;
    const counts = new Int32Array(Math.min(most, rows));
    const entries = new Int32Array(counts.length * places * ENTRY_WORDS);
    const numbers = new Float32Array(entries.buffer);
    for (let first = 0; first < rows; first += most) {
      const inSlice = Math.min(most, rows - first);
      this.drawSlice(index, first, inSlice, null);
      this.runner.read(this.memory.counts, counts.subarray(0, inSlice));
      this.runner.read(this.memory.entries, entries.subarray(0, inSlice * places * ENTRY_WORDS));
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

  private draw(index: number, rows: number, x: DeviceBuffer): void {
    for (let first = 0; first < rows; first += this.slice) {
      this.drawSlice(index, first, Math.min(this.slice, rows - first), x);
    }
  }

  /** Rows of a batch from `first` on; without `x` they stay as entries, a row in each group. */
  private drawSlice(index: number, first: number, rows: number, x: DeviceBuffer | null): void {
    const { memory, runner } = this;
    const { rank, places, tops, levels, quads, pairs } = this.tables;
    const { entries, counts, reach, z, found } = memory;
    const what = [...words(this.seed), ...words(index)];
    const blocks = Math.ceil(rows / BLOCK);
    const factors = blocks * BLOCK * rank;
    if (factors > 0) runner.run('draw_factors', runner.groupsOf(factors), [z, rank, factors, first, ...what]);
    const columns = runner.groupsOf(quads);
    runner.run('find_tops', blocks * columns, [
      ...[z, memory.topLoadings, memory.topCutoffs, quads, columns, rank, first, ...what, found],
    ]);
    runner.run('list_tops', rows, [found, quads, places, entries, reach]);
    const { loadings, cutoffs, magnitudes, nodes } = memory;
    for (let level = 0; level < levels; level++) {
      runner.run('descend', rows, [
        ...[z, loadings, cutoffs, magnitudes, nodes],
        ...[tops, places, rank, first, ...what, entries, reach],
      ]);
    }
    runner.run('make_rows', rows, [
      ...[memory.vectors, memory.bias, pairs, x ? this.world.hiddenDim : 0, places, first],
      ...[reach, entries, counts, x ?? counts],
    ]);
  }

  private roomFor(rows: number): DeviceBuffer[] {
    if (this.batches && this.batches.rows >= rows) return this.batches.memory;
    for (const memory of this.batches?.memory ?? []) this.runner.release(memory);
    this.ahead = null;
    this.batches = null;
    const bytes = 4 * rows * this.world.hiddenDim;
    const memory = Array.from({ length: atMost(AHEAD, AHEAD_BYTES / bytes) }, () =>
      this.runner.allocate(bytes),
    );
    this.batches = { memory, rows };
    return memory;
  }
}

function runnerOn(driver: Driver, source: Source): Runner {
  const own = runners.get(driver) ?? new Map<string, Runner>();
  runners.set(driver, own);
  const key = source.folder.href;
  const runner = own.get(key) ?? new Runner(driver, source, Math.min(GROUP, driver.found.largestGroup));
  own.set(key, runner);
  return runner;
}

/** A whole number from 1 to `most`. */
const atMost = (most: number, number: number): number => Math.max(1, Math.min(most, Math.floor(number)));

/** A whole number as two words of 32 bits, the low one first. */
const words = (number: number): [number, number] => [number | 0, Math.floor(number / 2 ** 32) | 0];

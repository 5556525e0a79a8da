import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SparseCodes } from '#contract/codes';
import { uniform } from '../random.ts';
import { selectLargest as largest, selectLargestOfRows } from '../select.ts';
import { selectLargestAmong } from '../select-among.ts';
import type { DeviceBuffer } from './buffers.ts';
import { Device } from './device.ts';
import { chooseDevice } from './devices.ts';
import { OpenClDriver } from './opencl-driver.ts';
import { nonZeros, selectLargest, selectOfRows } from './select.ts';
import { noDevice } from './testing/here.ts';

/** Few different numbers make ties; the smallest float and others that differ in one digit of the search. */
const TINY = 2 ** -149;
const ODD = [0, -0, 1, -1, 2, Number.NaN, Infinity, -Infinity, 0.5, -2, TINY, 5 * TINY, 1 + 2 ** -23];
const matrices = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  columns: fc.integer({ min: 1, max: 700 }),
  seed: fc.nat(1e6),
  share: fc.constantFrom(0, 0.02, 0.5, 1),
  k: fc.integer({ min: 0, max: 40 }),
});

/** Numbers from the list of odd ones, and otherwise any, more or fewer. */
function numbers(size: number, seed: number, share: number): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: size }, () =>
    next() < share ? ODD[Math.floor(next() * ODD.length)] : 2 * next() - 1,
  );
}

/** The same non-zeros by columns, each in the order of the rows. */
function expectColumns(device: Device, codes: ReturnType<typeof nonZeros>, read: SparseCodes): void {
  const { columns, most } = codes.pattern;
  const { begins, order, rowOf } = codes.pattern.byColumn();
  const got = [columns + 1, most, most].map((size) => new Uint32Array(size));
  if (most > 0) {
    device.read([
      [begins, got[0]],
      [order, got[1]],
      [rowOf, got[2]],
    ]);
  }
  const places = Array.from({ length: columns }, (): [at: number, row: number][] => []);
  for (let row = 0; row < read.rows; row++)
    for (let at = read.offsets[row]; at < read.offsets[row + 1]; at++)
      places[read.indices[at]].push([at, row]);
  const listed = places.map((_, column) =>
    Array.from({ length: got[0][column + 1] - got[0][column] }, (_, i) => got[0][column] + i).map((s) => [
      got[1][s],
      got[2][s],
    ]),
  );
  expect(listed).toEqual(places);
}

describe.skipIf(noDevice).each([64, 128, 256])('selection in groups of %i', (group) => {
  const device = noDevice ? null : new Device(new OpenClDriver(chooseDevice()), group);

  beforeAll(() => {
    // The first selection takes memory that all later ones use.
    if (device)
      selectLargest(device, { buffer: device.upload(Float32Array.of(1)), rows: 1, columns: 1 }, 1).release();
  });

  /** The same selection on the device; all that it used is given back. */
  function onDevice(
    values: Float32Array,
    rows: number,
    select: (own: Device, h: Parameters<typeof nonZeros>[1]) => ReturnType<typeof nonZeros>,
  ): SparseCodes {
    const own = device as Device;
    const { used } = own.pool.bytes;
    const buffer = own.allocate(values.length);
    own.write(buffer, values);
    const codes = select(own, { buffer, rows, columns: values.length / rows });
    const read = codes.read();
    expectColumns(own, codes, read);
    codes.release();
    own.release(buffer);
    expect(own.pool.bytes.used).toBe(used);
    return read;
  }

  it('keeps of a batch what the plain one keeps', () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, seed, share, k }) => {
        const values = numbers(rows * columns, seed, share);
        const count = Math.min(values.length, k * rows);
        const got = onDevice(values, rows, (own, h) => selectLargest(own, h, count));
        expect(got).toEqual(largest(values, rows, count));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps so many as a number on the device says', () => {
    const values = numbers(300 * 40, 5, 0.3);
    const places = device?.upload(Float32Array.of(7, 3000, 450));
    for (const [place, count] of [7, 3000, 450].entries()) {
      const wanted = { numbers: places as DeviceBuffer, place, most: 4000 };
      const got = onDevice(values, 300, (own, h) => selectLargest(own, h, wanted));
      expect(got).toEqual(largest(values, 300, count));
    }
  });

  it('keeps of each row what the plain one keeps, among all and among some', () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, seed, share, k }) => {
        const values = numbers(rows * columns, seed, share);
        const got = onDevice(values, rows, (own, h) => selectOfRows(own, h, k, null));
        expect(got).toEqual(selectLargestOfRows(values, rows, k));
        const among = Uint8Array.from(numbers(columns, seed + 1, 0), (v) => (v > 0 ? 1 : 0));
        const some = onDevice(values, rows, (own, h) => {
          const marks = own.allocate(columns);
          own.write(marks, Int32Array.from(among));
          const count = among.reduce((sum, mark) => sum + mark, 0);
          const codes = selectOfRows(own, h, k, { marks, count });
          own.release(marks);
          return codes;
        });
        expect(some).toEqual(selectLargestAmong(values, rows, k, among));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps the same of a large batch, whose numbers are counted by many groups', () => {
    const values = numbers(300 * 1000, 3, 0.01);
    for (const count of [1, 2500, 299_999]) {
      const got = onDevice(values, 300, (own, h) => selectLargest(own, h, count));
      expect(got).toEqual(largest(values, 300, count));
    }
  });

  it('finds the non-zeros of any matrix, empty rows and NaN included', () => {
    const values = Float32Array.of(0, 3, 0, -0, 0, 0, Number.NaN, 0, -1);
    expect(onDevice(values, 3, nonZeros)).toEqual({
      rows: 3,
      offsets: Uint32Array.of(0, 1, 1, 3),
      indices: Uint32Array.of(1, 0, 2),
      values: Float32Array.of(3, Number.NaN, -1),
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform } from '../random.ts';
import type { DeviceBuffer } from './buffers.ts';
import { OPERATIONS } from './chain.ts';
import { Device } from './device.ts';
import { chooseDevice } from './devices.ts';
import { OpenClDriver } from './opencl-driver.ts';
import { noDevice } from './testing/here.ts';

const [rows, columns] = [5, 70];
const size = rows * columns;
const UNARY = ['negative', 'square', 'square_root', 'absolute', 'rectified', 'identity_of'];

/** A launch by numbers that are taken modulo what there is. */
const launches = fc.array(
  fc.record({
    kind: fc.nat(5),
    operation: fc.nat(100),
    a: fc.nat(9),
    b: fc.nat(9),
    out: fc.nat(9),
    of: fc.nat(3),
  }),
  { minLength: 1, maxLength: 30 },
);

describe.skipIf(noDevice).each([64, 256])('a fused step in groups of %i', (group) => {
  const device = noDevice ? null : (new Device(new OpenClDriver(chooseDevice()), group) as Device);

  /** What lies in arrays after some launches: done one by one while they are recorded, and replayed. */
  function both(run: (own: Device, arrays: DeviceBuffer[]) => void) {
    const own = device as Device;
    const next = uniform(7);
    const start = Array.from({ length: 10 }, () => Float32Array.from({ length: size }, () => 4 * next() - 2));
    const arrays = start.map((values) => own.upload(values));
    for (const array of arrays) array.overwritten = () => {};
    const now = () =>
      arrays.map((array) => {
        const values = new Int32Array(size);
        own.read([[array, values]]);
        return [...values];
      });
    own.record();
    run(own, arrays);
    const trace = own.endRecord();
    const eager = now();
    for (const [i, array] of arrays.entries()) own.write(array, start[i]);
    trace.replay();
    const replayed = now();
    const { length } = trace;
    trace.dispose();
    for (const array of arrays) own.release(array);
    return { eager, replayed, length };
  }

  it('has the bits of the step, whatever depends on what', () => {
    fc.assert(
      fc.property(launches, (list) => {
        const { eager, replayed } = both((own, arrays) => {
          for (const { kind, operation, a, b, out, of } of list) {
            const [x, y, to] = [arrays[a], arrays[b], arrays[out]];
            const name = OPERATIONS[operation % OPERATIONS.length];
            const isUnary = UNARY.includes(name);
            if (kind === 5) {
              own.member(
                'reductions',
                'sum_of_rows',
                group * 5,
                [x, arrays[(a + 1) % 10]],
                [rows, columns, 1],
              );
            } else if (kind === 4) {
              own.each('elementwise', 'sum_of', size, [x, y, arrays[of], arrays[of + 1], to, size, 1 + of]);
            } else if (isUnary) {
              own.each('elementwise', name, size, [x, to, size, 0, 0]);
            } else if (kind === 3 && a !== out && b !== out) {
              // A row and a column, broadcast over the matrix.
              const strides = of % 2 === 0 ? [0, columns, 1, 0, 0, 1] : [0, 1, 0, 0, columns, 1];
              own.each('elementwise', `spread_${name}`, size, [x, y, to, size, rows, columns, ...strides]);
            } else if (kind === 2 && b !== out) {
              own.each('elementwise', name, size, [x, y, to, size, 1, 0, 0, 0]);
            } else {
              const [step, value] = kind === 1 ? [-1, of - 1.5] : [1, 0];
              own.each('elementwise', name, size, [x, y, to, size, 1, step, 0, value]);
            }
          }
        });
        expect(replayed).toEqual(eager);
      }),
      { numRuns: 60 },
    );
  });

  it('makes one launch of independent elementwise ones, and of members of one kernel', () => {
    const { eager, replayed, length } = both((own, [a, b, c, d, e, f]) => {
      own.each('elementwise', 'add', size, [a, b, c, size, 1, 1, 0, 0]);
      own.member('fused', 'squared_errors', rows * group, [a, b, e], [columns]);
      own.each('elementwise', 'multiply', size, [c, b, d, size, 1, 1, 0, 0]);
      own.member('fused', 'squared_errors', rows * group, [b, c, f], [columns]);
      // Another number: not a member of those before it.
      own.member('fused', 'squared_errors', rows * group, [a, b, e], [columns - 1]);
    });
    expect(replayed).toEqual(eager);
    expect(length).toBe(3);
  });
});

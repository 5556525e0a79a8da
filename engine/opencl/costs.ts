import type { DeviceBuffer } from './buffers.ts';
import type { Cost, Launch } from './launch.ts';

type Numbers = readonly number[];
type Sizes = readonly number[];
/** The cost by a kernel's numbers at their places, the numbers that its buffers hold, and its groups. */
type Rule = (numbers: Numbers, sizes: Sizes, launch: Launch) => Cost;

/** Numbers of four bytes that are read and written. */
const moved = (read: number, written: number, flops = 0): Cost => ({
  bytesRead: 4 * read,
  bytesWritten: 4 * written,
  flops,
});

const sumOf = (numbers: Numbers): number => numbers.reduce((sum, n) => sum + n, 0);
const groupsOf = ({ range: { global, local } }: Launch): number => Math.ceil(global[0] / local[0]);
/** The numbers of a row in vectors of the program's build. */
const rowOf = (width: number, { defines }: Launch): number => width * (/VECTOR=4/.test(defines) ? 4 : 1);

/**
 * Kernels that do not read each of their inputs and write each of their outputs once. A gather counts every
 * number that it loads, most of which come from the cache.
 */
const RULES: Readonly<Record<string, Rule>> = {
  product([, , , m, n, k, , , , , biased, scaled], _, { range }) {
    const stack = range.global[2] ?? 1;
    return moved(stack * (m * k + k * n) + (biased + scaled) * n, stack * m * n, 2 * stack * m * n * k);
  },
  product_tf32: ([, , , m, n, k, , , biased, scaled]) =>
    moved(m * k + k * n + (biased + scaled) * n, m * n, 2 * m * n * k),
  rows_times_dense([, , , , rows, width, , , bands], [, nonZeros], launch) {
    const n = rowOf(width, launch);
    return moved(rows + nonZeros * (2 + n), bands * rows * n, 2 * nonZeros * n);
  },
  columns_times_dense([, , , , columns, width], [, nonZeros], launch) {
    const n = rowOf(width, launch);
    return moved(columns + nonZeros * (3 + n), columns * n, 2 * nonZeros * n);
  },
  dots_at([, , , width], [rows, nonZeros], launch) {
    const n = rowOf(width, launch);
    return moved(rows + nonZeros * (1 + 2 * n), nonZeros, 2 * nonZeros * n);
  },
  column_gradients([, , , , , , columns, scaled], [, nonZeros]) {
    const read = columns * (1 + scaled) + nonZeros * (2 + 2 * scaled);
    return moved(read, nonZeros + (1 + scaled) * columns, nonZeros * (2 + 2 * scaled));
  },
  count_digits: ([, size, , , , pass, , , columnwise]) => moved(size, pass === 0 ? columnwise : 0),
  cut_of_batch: ([, columns], _, launch) => moved(groupsOf(launch) * columns, 3 * groupsOf(launch)),
  collect: ([, , columns], sizes, launch) =>
    moved(groupsOf(launch) * columns, groupsOf(launch) + 5 * sizes[9]),
  begins_of(numbers, _, { range }) {
    const counts = numbers[9] * (range.global[1] ?? 1);
    return moved(counts, counts);
  },
  gather_at: (_, sizes) => moved(3 * sizes[3], sizes[3]),
  scatter: (_, sizes) => moved(3 * sizes[3], sizes[3]),
  copy_strided: ([, , size]) => moved(size, size),
  number_at: () => moved(1, 1),
  squares_of_gradients(numbers, _, launch) {
    const all = sumOf(numbers.slice(6, 12));
    return moved(all, groupsOf(launch), 2 * all);
  },
  // Weights and both moments are read and written, the gradients read.
  adam(numbers) {
    const all = sumOf(numbers.slice(12, 18));
    return moved(4 * all, 3 * all, 14 * all);
  },
};

/** Groups whose kernels move numbers, or compare them, and compute none. */
const WITHOUT_FLOPS = ['movement', 'select', 'tracking'];

/**
 * What a launch costs, as counted from its arguments. Rows of non-zeros count as long as they can become.
 * A kernel without a rule reads what its inputs hold, writes what its outputs hold, and computes one
 * operation for each of the larger number of them.
 */
export function costOf(launch: Launch): Cost {
  if (launch.cost) return launch.cost;
  const { group, name, args, outputs } = launch;
  const numbers = args.map((argument) => (typeof argument === 'number' ? argument : 0));
  const sizes = args.map((argument) => sizeOf(argument));
  const rule = RULES[name];
  if (rule) return rule(numbers, sizes, launch);
  const read = sumOf(sizes.filter((_, i) => !outputs[i]));
  const written = sumOf(sizes.filter((_, i) => outputs[i]));
  return moved(read, written, WITHOUT_FLOPS.includes(group) ? 0 : Math.max(read, written));
}

const sizeOf = (argument: DeviceBuffer | number | null): number =>
  argument === null || typeof argument === 'number' ? 0 : argument.asked / 4;

/** The launches of one kernel in a step, and what they cost together. */
export interface KernelWork extends Cost {
  name: string;
  launches: number;
}

/** The work of some launches by kernel, the one that moves most first. */
export function workOf(launches: readonly Launch[]): KernelWork[] {
  const works = new Map<string, KernelWork>();
  for (const launch of launches) {
    const { name } = launch;
    const cost = costOf(launch);
    const sum = works.get(name) ?? { name, launches: 0, bytesRead: 0, bytesWritten: 0, flops: 0 };
    works.set(name, {
      name,
      launches: sum.launches + 1,
      bytesRead: sum.bytesRead + cost.bytesRead,
      bytesWritten: sum.bytesWritten + cost.bytesWritten,
      flops: sum.flops + cost.flops,
    });
  }
  const bytes = (work: KernelWork) => work.bytesRead + work.bytesWritten;
  return [...works.values()].sort((a, b) => bytes(b) - bytes(a));
}

import type { DeviceBuffer } from './buffers.ts';
import type { Cost, Launch, Numbers } from './launch.ts';

/** The operations of chain.cl in its order, by the names of their kernels. */
export const OPERATIONS: readonly string[] = [
  ...['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum', 'squared_difference', 'negative'],
  ...['square', 'square_root', 'absolute', 'rectified', 'identity_of', 'greater', 'greater_equal', 'less'],
  'less_equal',
];
const [SELF, FIRST, MODULO, QUOTIENT] = [0, 1, 2, 3];
/** As in chain.cl. */
const MOST_ARRAYS = 16;
const MOST_LINKS = 24;
/** Numbers of a work item, as in chain.cl. */
const EACH = 4;

/** An operand: an array and how its index follows from that of the result, or a number. */
interface Operand {
  buffer: DeviceBuffer | null;
  by: number;
  divisor: number;
  value: number;
}

interface Link {
  operation: number;
  out: DeviceBuffer;
  operands: [Operand, Operand];
}

/** Elementwise operations over arrays of one size, one after the other. */
export interface Chain {
  size: number;
  local: readonly number[];
  links: readonly Link[];
  /** The launch, where there is only one. */
  alone: Launch | null;
}

const number = (value: number): Operand => ({ buffer: null, by: SELF, divisor: 1, value });
const array = (buffer: DeviceBuffer, by: number, divisor = 1): Operand => ({ buffer, by, divisor, value: 0 });

/** An elementwise launch as a chain of one; null for any other. */
export function asChain(launch: Launch): Chain | null {
  const { group, name, range } = launch;
  if (group !== 'elementwise') return null;
  const links = linksOf(name, launch.args);
  if (!links) return null;
  const size = launch.args[SIZE_AT[kindOf(name)]] as number;
  return { size, local: range.local, links, alone: launch };
}

type Kind = 'flat' | 'spread' | 'unary' | 'sum' | 'fill';
/** Where the size stands among a kernel's arguments. */
const SIZE_AT: Record<Kind, number> = { flat: 3, spread: 3, unary: 2, sum: 5, fill: 1 };
const UNARY = new Set(['negative', 'square', 'square_root', 'absolute', 'rectified', 'identity_of']);

function kindOf(name: string): Kind {
  if (name === 'sum_of') return 'sum';
  if (name === 'fill') return 'fill';
  if (name.startsWith('spread_')) return 'spread';
  return UNARY.has(name) ? 'unary' : 'flat';
}

function linksOf(name: string, args: Launch['args']): Link[] | null {
  const kind = kindOf(name);
  if (kind === 'sum') return sumLinks(args);
  const operation = OPERATIONS.indexOf(kind === 'fill' ? 'identity_of' : name.replace(/^spread_/, ''));
  if (operation < 0) return null;
  if (kind === 'fill') {
    const [out, , value] = args as [DeviceBuffer, number, number];
    return [{ operation, out, operands: [number(value), number(0)] }];
  }
  if (kind === 'unary') {
    const [a, out] = args as DeviceBuffer[];
    return [{ operation, out, operands: [array(a, SELF), number(0)] }];
  }
  const [a, b, out] = args as DeviceBuffer[];
  const rest = args.slice(4) as number[];
  const operands = kind === 'flat' ? flatOperands([a, b], rest) : spreadOperands([a, b], rest);
  return operands && [{ operation, out, operands }];
}

function flatOperands([a, b]: DeviceBuffer[], [stepA, stepB, valueA, valueB]: number[]): [Operand, Operand] {
  const of = (buffer: DeviceBuffer, step: number, value: number) =>
    step < 0 ? number(value) : array(buffer, step === 1 ? SELF : FIRST);
  return [of(a, stepA, valueA), of(b, stepB, valueB)];
}

/** Null where an operand is broadcast otherwise than along rows or along columns of a matrix. */
function spreadOperands([a, b]: DeviceBuffer[], [d1, d2, ...strides]: number[]): [Operand, Operand] | null {
  const of = (buffer: DeviceBuffer, [s0, s1, s2]: number[]) => {
    // Dimensions that are not there have stride 0 and one step.
    if (s2 === 1 && s1 === d2 && (s0 === d1 * d2 || s0 === 0)) return array(buffer, SELF);
    if (s0 === 0 && s1 === 0 && s2 === 1) return array(buffer, MODULO, d2);
    return s0 === 0 && s1 === 1 && s2 === 0 ? array(buffer, QUOTIENT, d2) : null;
  };
  const [x, y] = [of(a, strides.slice(0, 3)), of(b, strides.slice(3))];
  return x && y && [x, y];
}

/** Null where the result would overwrite an addend before that is added. */
function sumLinks(args: Launch['args']): Link[] | null {
  const count = args[6] as number;
  const addends = args.slice(0, count) as DeviceBuffer[];
  const out = args[4] as DeviceBuffer;
  if (addends.slice(2).includes(out)) return null;
  const [add, same] = ['add', 'identity_of'].map((name) => OPERATIONS.indexOf(name));
  if (count === 1) return [{ operation: same, out, operands: [array(addends[0], SELF), number(0)] }];
  return addends.slice(1).map((addend, i) => ({
    operation: add,
    out,
    operands: [array(i === 0 ? addends[0] : out, SELF), array(addend, SELF)],
  }));
}

/** One chain behind another as one; null where a work item would need the results of others. */
export function joined(a: Chain, b: Chain): Chain | null {
  const links = [...a.links, ...b.links];
  if (a.size !== b.size || a.local[0] !== b.local[0] || links.length > MOST_LINKS) return null;
  const arrays = arraysOf(links);
  if (arrays.length > MOST_ARRAYS) return null;
  const results = new Set(links.map(({ out }) => out));
  const operands = links.flatMap((link) => link.operands);
  const areOwn = operands.every(
    ({ buffer, by }) => !buffer || !results.has(buffer) || by === SELF || (by === FIRST && a.size === 1),
  );
  return areOwn ? { size: a.size, local: a.local, links, alone: null } : null;
}

function arraysOf(links: readonly Link[]): DeviceBuffer[] {
  const all = links.flatMap(({ out, operands }) => [out, ...operands.flatMap(({ buffer }) => buffer ?? [])]);
  return [...new Set(all)];
}

/** The launch of a chain, with its program on the device. */
export function launchOf({ size, local, links }: Chain, upload: (values: Numbers) => DeviceBuffer): Launch {
  const arrays = arraysOf(links);
  const bits = (value: number) => new Int32Array(Float32Array.of(value).buffer)[0];
  const words = ({ buffer, by, divisor, value }: Operand) => [
    buffer ? arrays.indexOf(buffer) : -1,
    by,
    divisor,
    bits(value),
  ];
  const program = links.flatMap(({ operation, out, operands }) => [
    operation,
    arrays.indexOf(out),
    ...operands.flatMap(words),
  ]);
  const places = Array.from({ length: MOST_ARRAYS }, (_, i) => arrays[i] ?? null);
  const args = [...places, upload(Int32Array.from(program)), links.length, size];
  const outputs = args.map((_, i) => i < MOST_ARRAYS);
  const items = Math.ceil(size / EACH / local[0]) * local[0];
  const range = { global: [items], local };
  return { group: 'chain', name: 'chain', range, args, defines: '', outputs, cost: costOf(links, size) };
}

/** A link reads its operands and writes its result, also where the link before has just written one. */
function costOf(links: readonly Link[], size: number): Cost {
  const read = ({ buffer, by, divisor }: Operand): number => {
    if (!buffer) return 0;
    if (by === FIRST) return 1;
    return by === MODULO ? divisor : by === QUOTIENT ? Math.ceil(size / divisor) : size;
  };
  const reads = links.flatMap(({ operands }) => operands.map(read)).reduce((sum, n) => sum + n, 0);
  return { bytesRead: 4 * reads, bytesWritten: 4 * links.length * size, flops: links.length * size };
}

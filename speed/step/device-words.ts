import { aligned } from '../table.ts';
import type { Line } from '../timing.ts';
import type { Bounds } from './bounds.ts';
import type { KernelLine } from './run.ts';

const mega = (value: number): string => (value / 1e6).toLocaleString('en-US', { maximumFractionDigits: 3 });
const whole = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });

/** What the steps of a table do on a device, where they run on one: empty elsewhere. */
export function devicesInWords(lines: readonly Line[]): string {
  return lines.map((line) => (line.launches === undefined ? '' : deviceInWords(line))).join('');
}

function deviceInWords(line: Line): string {
  const kernels = (line.kernels ?? []) as KernelLine[];
  const bounds = line.bounds as Bounds;
  const of = (key: string): number => Number(line[key] ?? Number.NaN);
  const row = (words: string, key: string, bound: number, written: (value: number) => string) =>
    line[key] === undefined ? [] : [[words, written(of(key)), written(bound)]];
  const totals = [
    ['a step on the device', 'measured', 'planned'],
    ...row('launches', 'launches', bounds.launches, whole),
    ...row('M operations', 'flops', bounds.flops, mega),
    ...row('MB that kernels move', 'bytesMoved', bounds.bytes, mega),
    ...row('MB sent', 'bytesSent', bounds.bytesSent, mega),
    ...row('MB read back', 'bytesReadBack', bounds.bytesReadBack, mega),
  ];
  const rows = kernels.map(({ name, launches, bytesRead, bytesWritten, flops, ms }) => [
    name,
    ...[whole(launches), mega(bytesRead), mega(bytesWritten), mega(flops), ms.toFixed(3)],
  ]);
  const head = ['kernel', 'launches', 'MB read', 'MB written', 'M operations', 'ms there'];
  const share = `${Math.round(100 * of('replayed'))} % of the steps were replayed`;
  return `${aligned(totals)}${share}\n${rows.length > 0 ? aligned([head, ...rows]) : ''}`;
}

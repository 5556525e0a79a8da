import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '#contract/atomic';
import type { SparseCodes } from '#contract/codes';
import { type WrittenTensor, writeSafetensors } from '#contract/safetensors';
import { type Table, tablesOf } from '../eval/tables.ts';
import { metricsOf } from '../judge/measure.ts';
import type { SparseRows } from '../sampler/sampler.ts';
import type { OpenedWorld } from '../worlds.ts';
import type { Look } from './inspected.ts';

/** Codes, or the active features, of some rows in compressed sparse rows. */
interface Sparse {
  offsets: Uint32Array;
  indices: Uint32Array;
  values: Float32Array;
}

/** What is kept of the first rows of a measurement, and each latent's sum of codes over all of them. */
export class Kept {
  readonly x: Float32Array[] = [];
  readonly truth: Sparse[] = [];
  /** By form, in the encoder's order. */
  readonly codes: Sparse[][] = [];
  rows = 0;
  /** By latent. */
  sums = new Float64Array();

  constructor(private readonly most: number) {}

  /** Counts the codes of a batch in the form that decides. */
  count({ indices, values }: SparseCodes, latents: number): void {
    if (this.sums.length === 0) this.sums = new Float64Array(latents);
    indices.forEach((latent, at) => {
      this.sums[latent] += values[at];
    });
  }

  keep(x: Float32Array, codes: readonly SparseCodes[], truth: SparseRows): void {
    const rows = Math.min(truth.rows, this.most - this.rows);
    if (rows <= 0) return;
    this.rows += rows;
    this.x.push(x.subarray(0, (x.length / truth.rows) * rows));
    this.truth.push(firstRows({ ...truth, indices: truth.features }, rows));
    codes.forEach((each, form) => {
      this.codes[form] = [...(this.codes[form] ?? []), firstRows(each, rows)];
    });
  }
}

interface Inspected {
  /** What was inspected, and on which samples. */
  about: object;
  world: OpenedWorld;
  look: Look;
  kept: Kept;
}

/** Writes about.json, tables as CSV and safetensors, and codes. Returns the names of the files. */
export function writeInspected(out: string, { about, world, look, kept }: Inspected): string[] {
  const { measurement, deciding, confusion } = look;
  const { matching, decoder, evaluations } = measurement;
  const latents = matching.best.length;
  const others = [...evaluations].filter(([, evaluation]) => evaluation !== deciding);
  const tables = tablesOf({
    ...{ world: world.world, matching, deciding, others, confusion, codes: kept.sums },
  });
  const dim = world.world.hiddenDim;
  const { deciding: metrics, also } = metricsOf(measurement);
  writeJsonAtomic(join(out, 'about.json'), {
    version: 1,
    ...about,
    world: { name: world.name, hash: world.world.hash, folder: world.folder },
    rows: kept.rows,
    metrics,
    also,
  });
  for (const [table, columns] of Object.entries(tables)) {
    writeFileAtomic(join(out, `${table}.csv`), csv(columns));
    const tensors = new Map(Object.entries(columns).flatMap(([column, of]) => asTensor(column, of)));
    if (table === 'latents') {
      tensors.set('W_dec', { shape: [latents, dim], data: decoder.weights });
      tensors.set('b_dec', { shape: [dim], data: decoder.bias });
    }
    writeSafetensors(join(out, `${table}.safetensors`), { tensors, metadata: {} });
  }
  const files = ['about.json', 'latents.csv', 'latents.safetensors', 'features.csv', 'features.safetensors'];
  if (kept.rows === 0) return files;
  const forms = [...evaluations.keys()].flatMap((form, at) => sparseTensors(form, kept.codes[at]));
  const x: WrittenTensor = { shape: [kept.rows, dim], data: joined(kept.x, Float32Array) };
  const tensors = new Map([['x', x], ...sparseTensors('features', kept.truth), ...forms] as const);
  writeSafetensors(join(out, 'codes.safetensors'), { tensors, metadata: {} });
  return [...files, 'codes.safetensors'];
}

/** Numbers to nine digits: enough for a float32. */
function csv(table: Table): string {
  const columns = Object.values(table);
  const rows = Array.from({ length: columns[0].length }, (_, row) =>
    columns.map((column) => {
      const value = column[row];
      return typeof value === 'number' ? String(Number(value.toPrecision(9))) : value;
    }),
  );
  return `${[Object.keys(table), ...rows].map((cells) => cells.join(',')).join('\n')}\n`;
}

/** A column of numbers as a tensor; words are in the CSV alone. */
function asTensor(name: string, column: Table[string]): [string, WrittenTensor][] {
  if (column instanceof Int32Array) return [[name, { shape: [column.length], data: column }]];
  if (!(column instanceof Float64Array)) return [];
  return [[name, { shape: [column.length], data: Float32Array.from(column) }]];
}

/** The first rows of a batch. */
function firstRows({ offsets, indices, values }: Sparse, rows: number): Sparse {
  const end = offsets[rows];
  return {
    offsets: offsets.slice(0, rows + 1),
    indices: indices.slice(0, end),
    values: values.slice(0, end),
  };
}

function sparseTensors(name: string, parts: readonly Sparse[]): [string, WrittenTensor][] {
  const offsets = [0];
  for (const part of parts) {
    const before = offsets.at(-1) ?? 0;
    for (const offset of part.offsets.subarray(1)) offsets.push(before + offset);
  }
  const indices = joined(
    parts.map((part) => Int32Array.from(part.indices)),
    Int32Array,
  );
  const values = joined(
    parts.map((part) => part.values),
    Float32Array,
  );
  return [
    [`${name}.offsets`, { shape: [offsets.length], data: Int32Array.from(offsets) }],
    [`${name}.indices`, { shape: [indices.length], data: indices }],
    [`${name}.values`, { shape: [values.length], data: values }],
  ];
}

function joined<T extends Int32Array | Float32Array>(parts: readonly T[], of: new (length: number) => T): T {
  const all = new of(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

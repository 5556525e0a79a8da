import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type HookColumn, readArrowShard } from './arrow.ts';
import { type Activations, type NumberType, openShard, type Span, wrong } from './layout.ts';
import { readSafetensorsShard } from './safetensors.ts';

const size = z.number().int().positive();
const Info = z.object({ features: z.record(z.string(), z.object({ _type: z.string() }).loose()) });
const Array2D = z.object({ _type: z.literal('Array2D'), shape: z.tuple([size, size]) });
const State = z.object({ _data_files: z.array(z.object({ filename: z.string() })).min(1) });

/** What one shard says, to be compared with the others. */
interface Shard {
  path: string;
  d: number;
  dtype: NumberType;
  spans: Span[];
}

/**
 * A folder of activations (docs/activations.md): a Hugging Face `Dataset` on disk, as SAELens'
 * `CacheActivationsRunner` writes it, or safetensors shards. Reads what describes the rows, none of them.
 * @throws UserError naming file and row
 */
export function openActivations(folder: string): Activations {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw wrong(folder, 'no such folder of activations');
  if (existsSync(join(folder, 'state.json'))) return readDataset(folder);
  const names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  if (names.length === 0)
    throw wrong(folder, 'no activations: neither state.json of a Dataset on disk nor *.safetensors');
  // By number where names have one: 2 before 10.
  names.sort(new Intl.Collator('en', { numeric: true }).compare);
  noGap(folder, names);
  const shards = names.map((name): Shard => {
    const file = openShard(join(folder, name));
    const { span, ...rest } = readSafetensorsShard(file);
    return { path: file.path, ...rest, spans: [span] };
  });
  return joined(folder, shards, null);
}

function readDataset(folder: string): Activations {
  const hook = hookColumn(folder);
  const { _data_files } = readJson(join(folder, 'state.json'), State, 'names no data files (_data_files)');
  const shards = _data_files.map(({ filename }): Shard => {
    const file = openShard(join(folder, filename));
    return { path: file.path, d: hook.d, ...readArrowShard(file, hook) };
  });
  return joined(folder, shards, hook.contextSize);
}

function hookColumn(folder: string): HookColumn {
  const path = join(folder, 'dataset_info.json');
  const { features } = readJson(path, Info, 'describes no columns (features)');
  const found = Object.entries(features).filter(([, { _type }]) => _type === 'Array2D');
  if (found.length !== 1) {
    const what = found.length === 0 ? 'no column' : `the columns ${found.map(([name]) => name).join(', ')}`;
    throw wrong(path, `has ${what} of type Array2D [context, d_in]; one expected, named after the hook`);
  }
  const [[name, feature]] = found;
  const { data } = Array2D.safeParse(feature);
  if (!data) throw wrong(path, `${name} has no shape [context, d_in]`);
  return { name, contextSize: data.shape[0], d: data.shape[1] };
}

function readJson<T>(path: string, schema: z.ZodType<T>, otherwise: string): T {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw wrong(path, missing ? 'is missing: not a Dataset on disk' : 'cannot be read as JSON');
  }
  const { data } = schema.safeParse(json);
  if (data === undefined) throw wrong(path, otherwise);
  return data;
}

/** Shards that are numbered must all be there. @throws UserError naming the first that is not */
function noGap(folder: string, names: readonly string[]): void {
  const numbered = names.map((name) => /^(.*?)(\d+)((?:-of-(\d+))?\.safetensors)$/.exec(name));
  const [head] = numbered;
  if (!head || numbered.some((each) => each?.[1] !== head[1] || each[3] !== head[3])) return;
  const [, stem, digits, end, of] = head;
  const numbers = new Set(numbered.map((each) => Number(each?.[2])));
  // Counted from 0 or from 1; where names say how many there are, the last must be there too.
  const first = Math.min(...numbers, numbers.has(0) ? 0 : 1);
  const last = of === undefined ? Math.max(...numbers) : first + Number(of) - 1;
  for (let number = first; number <= last; number++) {
    const name = `${stem}${String(number).padStart(digits.length, '0')}${end}`;
    if (!numbers.has(number)) throw wrong(join(folder, name), 'this shard is missing');
  }
}

/** All shards as one. @throws UserError where they differ, or have no rows */
function joined(folder: string, shards: readonly Shard[], contextSize: number | null): Activations {
  const [head] = shards;
  const { d, dtype } = head;
  const columns = (shard: Shard): string =>
    [...(shard.spans[0]?.columns.keys() ?? [])].sort().join(', ') || 'none';
  for (const shard of shards) {
    if (shard.d !== d) throw wrong(shard.path, `row 0 has ${shard.d} numbers, ${d} in ${head.path}`);
    if (shard.dtype !== dtype) throw wrong(shard.path, `x is ${shard.dtype}, ${dtype} in ${head.path}`);
    if (contextSize === null && columns(shard) !== columns(head))
      throw wrong(shard.path, `columns beside x: ${columns(shard)}; in ${head.path}: ${columns(head)}`);
  }
  const spans = shards.flatMap((shard) => shard.spans).filter(({ rows }) => rows > 0);
  const rows = spans.reduce((sum, span) => sum + span.rows, 0);
  if (rows === 0) throw wrong(folder, 'its shards have no rows');
  return { d, dtype, spans, rows, contextSize };
}

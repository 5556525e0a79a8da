import { appendFileSync, closeSync, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { UserError } from '#contract/errors';
import { EvalPoint, RunRecord, TrainResult } from '#contract/run';
import { decodeSafetensors, type SafetensorsFile } from '#contract/safetensors';
import { liesAt, openUntrusted, readUntrusted } from '#host/untrusted';

/** A run folder as the judge sees it; `result` is the trainer's own report, null where it left none. */
export interface RunFolder {
  dir: string;
  run: RunRecord;
  result: TrainResult | null;
}

/** The name of the checkpoint in the `out/` of a run. */
const CHECKPOINT = 'checkpoint.safetensors';
const MAX_RESULT_BYTES = 1 << 22;
/** Limit on a checkpoint's size: some 160,000 latents of 768 dimensions, more than is measured. */
const MAX_CHECKPOINT_BYTES = 2 ** 30;

/**
 * The run folder that a path leads into, and the file below its `out/`: a checkpoint unless the path names a
 * snapshot. A path that leads into no run folder is returned as it is.
 */
export function fileOf(path: string): { folder: string; file: string } {
  for (let at = resolve(path); at !== dirname(at); at = dirname(at)) {
    if (!existsSync(join(at, 'run.json'))) continue;
    const below = relative(join(at, 'out'), resolve(path));
    return {
      folder: at,
      file: below.endsWith('.safetensors') && !below.startsWith('..') ? below : CHECKPOINT,
    };
  }
  return { folder: path, file: CHECKPOINT };
}

/** @throws UserError when the folder has no readable run.json. */
export function openRunFolder(path: string): RunFolder {
  const dir = resolve(path);
  const file = join(dir, 'run.json');
  if (!existsSync(dir)) throw new UserError(`${dir}: there is no such run folder`);
  if (!existsSync(file)) throw new UserError(`${dir}: no run.json in it, so it is not a run folder`);
  const parsed = RunRecord.safeParse(jsonOf(readFileSync(file, 'utf8'), file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${file}: ${issue.path.join('.')}: ${issue.message}`);
  }
  return { dir, run: parsed.data, result: readResult(join(dir, 'out', 'result.json')) };
}

/**
 * A checkpoint below the run's `out/`, after a check that it is a readable safetensors file without NaN and
 * no link to another file: its path, and what was read there.
 * @throws UserError
 */
export function checkedFile(
  { dir }: RunFolder,
  name = CHECKPOINT,
  open = openUntrusted,
): { path: string; bytes: Buffer } {
  // Where a link in a home or temporary folder names the run, a sandbox has the run's folder but not the
  // link.
  const path = join(realpathSync(dir), 'out', name);
  const file = open(path);
  if (!file)
    throw new UserError(`${path}: there is no checkpoint; the run has not written one yet, or has failed`);
  try {
    // The file itself is no link, but a folder on its path may be one: out/evals could lead to the truth.
    if (realpathSync(path) !== path || !liesAt(file.fd, path))
      throw new UserError(`${path}: is not read, because a link leads out of the run's folder`);
    if (file.size > MAX_CHECKPOINT_BYTES)
      throw new UserError(`${path}: ${file.size} bytes; at most ${MAX_CHECKPOINT_BYTES} are read`);
    const bytes = readFileSync(file.fd);
    refuseNaN(decodeSafetensors(bytes, path), path);
    return { path, bytes };
  } finally {
    closeSync(file.fd);
  }
}

/** The size of the checkpoint, in bytes; 0 where there is none. */
export function bytesOf({ dir }: RunFolder): number {
  const file = openUntrusted(join(dir, 'out', CHECKPOINT));
  if (file) closeSync(file.fd);
  return file?.size ?? 0;
}

/** @throws UserError naming the first tensor with a NaN in it. */
function refuseNaN({ tensors }: SafetensorsFile, path: string): void {
  for (const [name, { data }] of tensors) {
    if (data.some(Number.isNaN)) throw new UserError(`${path}: tensor "${name}" has values that are NaN`);
  }
}

/** Snapshots are measured at each sixth of a run: more would be looks to pick a run by. */
const SNAPSHOTS = 6;

/**
 * Snapshots in `out/evals/` that `evals.jsonl` lacks, by the samples at which they were taken, in order: one
 * for each sixth of the run, taken at the end of the batch that reaches it.
 */
export function unmeasuredSnapshots(
  { dir, run }: RunFolder,
  batch: number,
): { samples: number; name: string }[] {
  const rows = run.batch ?? batch;
  /** The sixth that a snapshot is taken at; null between two. */
  const sixthOf = (samples: number): number | null => {
    const reached = Math.min(SNAPSHOTS, Math.floor((samples * SNAPSHOTS) / run.samples));
    return reached > 0 && (samples - rows) * SNAPSHOTS < reached * run.samples ? reached : null;
  };
  const done = new Set(readEvals(dir).map((point) => sixthOf(point.samples)));
  return namesIn(join(dir, 'out', 'evals'))
    .flatMap((name) => {
      const match = /^(\d+)\.safetensors$/.exec(name);
      return match ? [{ samples: Number(match[1]), name: `evals/${name}` }] : [];
    })
    .sort((a, b) => a.samples - b.samples)
    .filter(({ samples }) => {
      const sixth = sixthOf(samples);
      if (sixth === null || done.has(sixth)) return false;
      done.add(sixth);
      return true;
    });
}

/** The names in a folder of a trainer's; none where it has put something else there. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The numbers of a snapshot, to three digits after the point. */
export const rounded = (metrics: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Number(value.toFixed(3))]));

/** Adds a line to `evals.jsonl`. A line that a crash cut short is ended first, so that it spoils no other. */
export function appendEval({ dir }: RunFolder, point: EvalPoint): void {
  const path = join(dir, 'evals.jsonl');
  const isCut = existsSync(path) && !/(^|\n)$/.test(readFileSync(path, 'utf8'));
  appendFileSync(path, `${isCut ? '\n' : ''}${JSON.stringify(point)}\n`);
}

/** The complete lines of `evals.jsonl`; a line that a crash cut short is left out. */
function readEvals(dir: string): EvalPoint[] {
  const path = join(dir, 'evals.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [EvalPoint.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
}

function readResult(path: string): TrainResult | null {
  const text = readUntrusted(path, MAX_RESULT_BYTES);
  if (text === null) return null;
  const parsed = TrainResult.safeParse(jsonOf(text, path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(`${path}: ${issue.path.join('.')}: ${issue.message}`);
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${path}: is not JSON`);
  }
}

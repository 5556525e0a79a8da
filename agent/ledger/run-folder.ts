import { existsSync, readdirSync } from 'node:fs';
import type { z } from 'zod';
import { UserError } from '#contract/errors';
import { EvalPoint, Progress, Run, RunRecord, TrainResult } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { Verdict } from '#contract/verdict';
import { readUntrusted } from '#host/untrusted';
import { inRun, runDir, runsDir } from '../common/paths.ts';
import { flat } from './flat.ts';

const MAX_BYTES = 32 * 2 ** 20;
const CURVE_POINTS = 200;

/**
 * Reads the record of a run folder.
 * @throws UserError where there is no readable one.
 */
export function readRunRecord(dir: string): RunRecord {
  const path = inRun(dir).record;
  if (!existsSync(path)) throw new UserError(`${dir}: not a run folder (it has no run.json)`);
  try {
    return RunRecord.parse(JSON.parse(readUntrusted(path, MAX_BYTES) ?? ''));
  } catch (error) {
    throw new UserError(`${path}: not the record of a run (${(error as Error).message.split('\n')[0]})`);
  }
}

/** Reads the record of a run folder; null where there is no readable one. */
export const findRunRecord = (dir: string): RunRecord | null => json(RunRecord, inRun(dir).record);

/** Names of the run folders in `checkpoints/`; they begin with the time, so the newest is last. */
export function runNames(repo: string): string[] {
  const runs = runsDir(repo);
  return existsSync(runs) ? readdirSync(runs).sort() : [];
}

/**
 * A run folder as a sprint stores it: the supervisor's record, the trainer's claims (read as untrusted
 * files), measured snapshots, and the verdict where there is one. Null where the folder holds no record.
 */
export function readSprintRun(repo: string, id: string): SprintRun | null {
  const files = inRun(runDir(repo, id));
  const record = findRunRecord(runDir(repo, id));
  if (!record) return null;
  const result = json(TrainResult, files.result);
  const progress = readProgress(runDir(repo, id));
  return {
    ...Run.parse(record),
    samplesPerSecond: meanSpeed(progress),
    backend: result?.backend ?? null,
    claimed: result?.claimed ?? {},
    ...(result && { declared: result.declared, config: flat(result.config) }),
    startedAt: record.startedAt,
    rowsServed: record.rowsServed,
    machine: record.machine,
    verdict: json(Verdict, files.verdict),
    curve: thinned(progress, CURVE_POINTS).map(({ samples, values }) => ({ samples, values })),
    evals: readEvals(runDir(repo, id)),
  };
}

/** The whole log of a run, as its trainer wrote it. */
export const readProgress = (dir: string): Progress[] => lines(Progress, inRun(dir).progress);

/** The snapshots of a run that are measured. */
export const readEvals = (dir: string): EvalPoint[] => lines(EvalPoint, inRun(dir).evals);

/**
 * The mean samples a second over a run, from the logged speed of each stretch; null where no speed was
 * logged. The night is planned by it: the last log line is the speed of one moment, in short runs about 1.5
 * times the mean.
 */
export function meanSpeed(
  progress: readonly Pick<Progress, 'samples' | 'samplesPerSecond'>[],
): number | null {
  let [trained, seconds] = [0, 0];
  for (const { samples, samplesPerSecond } of progress) {
    if (samples <= trained || samplesPerSecond <= 0) continue;
    seconds += (samples - trained) / samplesPerSecond;
    trained = samples;
  }
  return seconds > 0 ? trained / seconds : null;
}

/** At most `count` of the points, evenly spaced, with the first and the last. */
function thinned<T>(points: readonly T[], count: number): T[] {
  if (points.length <= count) return [...points];
  const step = (points.length - 1) / (count - 1);
  const kept = new Set(Array.from({ length: count }, (_, i) => Math.round(i * step)));
  return points.filter((_, i) => kept.has(i));
}

function json<T>(schema: z.ZodType<T>, path: string): T | null {
  return parsed(schema, readUntrusted(path, MAX_BYTES) ?? '');
}

function lines<T>(schema: z.ZodType<T>, path: string): T[] {
  return (readUntrusted(path, MAX_BYTES) ?? '')
    .split('\n')
    .map((line) => parsed(schema, line))
    .filter((value) => value !== null);
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | null {
  if (text === '') return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

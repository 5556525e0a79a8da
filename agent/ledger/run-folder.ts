import { existsSync, readdirSync } from 'node:fs';
import type { z } from 'zod';
import { UserError } from '#contract/errors';
import { EvalPoint, Progress, Run, RunRecord, TrainResult } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { Verdict } from '#contract/verdict';
import { readUntrusted } from '#host/untrusted';
import { inRun, runDir, runsDir } from '../common/paths.ts';

const MAX_BYTES = 32 * 2 ** 20;
const CURVE_POINTS = 200;

/** The record of a run folder. @throws UserError where there is none that can be read. */
export function readRunRecord(dir: string): RunRecord {
  const path = inRun(dir).record;
  if (!existsSync(path)) throw new UserError(`${dir}: not a run folder (it has no run.json)`);
  try {
    return RunRecord.parse(JSON.parse(readUntrusted(path, MAX_BYTES) ?? ''));
  } catch (error) {
    throw new UserError(`${path}: not the record of a run (${(error as Error).message.split('\n')[0]})`);
  }
}

/** The same; null where there is none that can be read. */
export const findRunRecord = (dir: string): RunRecord | null => json(RunRecord, inRun(dir).record);

/** Names in `checkpoints/`; they begin with the time, so that the newest comes last. */
export function runNames(repo: string): string[] {
  const runs = runsDir(repo);
  return existsSync(runs) ? readdirSync(runs).sort() : [];
}

/**
 * A run folder as a sprint remembers it: the supervisor's record, the trainer's word (read as what it is:
 * files that anything may stand in), snapshots that were measured, and the verdict where there is one. Null
 * where the folder holds no record.
 */
export function readSprintRun(repo: string, id: string): SprintRun | null {
  const files = inRun(runDir(repo, id));
  const record = findRunRecord(runDir(repo, id));
  if (!record) return null;
  const result = json(TrainResult, files.result);
  const progress = lines(Progress, files.progress);
  return {
    ...Run.parse(record),
    samplesPerSecond: meanSpeed(progress),
    backend: result?.backend ?? null,
    claimed: result?.claimed ?? {},
    verdict: json(Verdict, files.verdict),
    curve: thinned(progress, CURVE_POINTS).map(({ samples, values }) => ({ samples, values })),
    evals: lines(EvalPoint, files.evals),
  };
}

/**
 * Samples a second over all that was trained, from the speed of each stretch that was logged; null where none
 * was. The night is planned by it: the last line alone is the speed of one moment, in short runs half as much
 * again as the mean.
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

/** At most `count` of the points, evenly spread, the first and the last among them. */
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

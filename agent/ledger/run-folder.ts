import type { z } from 'zod';
import { EvalPoint, Progress, RunRecord, TrainResult } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { Verdict } from '#contract/verdict';
import { readUntrusted } from '#host/untrusted';
import { inRun, runDir } from '../common/paths.ts';

const MAX_BYTES = 32 * 2 ** 20;
const CURVE_POINTS = 200;

/**
 * A run folder as a sprint remembers it: the supervisor's record, the trainer's word (read as what it is: files that anything may stand
 * in), snapshots that were measured, and the verdict where there is one. Null where the folder holds no record.
 */
export function readSprintRun(repo: string, id: string): SprintRun | null {
  const files = inRun(runDir(repo, id));
  const record = json(RunRecord, files.record);
  if (!record) return null;
  const result = json(TrainResult, files.result);
  const progress = lines(Progress, files.progress);
  return {
    id: record.id,
    role: record.role,
    experiment: record.experiment,
    args: record.args,
    seed: record.seed,
    samples: record.samples,
    tree: record.tree,
    status: record.status,
    reason: record.reason,
    endedBy: record.endedBy,
    seconds: record.seconds,
    samplesPerSecond: meanSpeed(progress),
    backend: result?.backend ?? null,
    claimed: result?.claimed ?? {},
    verdict: json(Verdict, files.verdict),
    curve: thinned(progress, CURVE_POINTS).map(({ samples, values }) => ({ samples, values })),
    evals: lines(EvalPoint, files.evals),
  };
}

/**
 * Samples a second over all that was trained, from the speed of each stretch that was logged; null where none was. The night
 * is planned by it: the last line alone is the speed of one moment, in short runs half as much again as the mean.
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
export function thinned<T>(points: readonly T[], count: number): T[] {
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

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { Condition } from '#contract/condition';
import { TrainResult } from '#contract/run';
import { guardsOf, type Task } from '#contract/task';
import { plain, printable } from '#contract/text';
import { readUntrusted } from '#host/untrusted';
import { committed, inRun, inSprint } from '../../common/paths.ts';
import { flat } from './flat.ts';
import type { Link, Patch } from './model.ts';

/** A longer patch is a link. */
const MOST_PATCH = 20_000;
const MOST_RESULT = 256_000;
/** Settings of one run, and letters of one of them. */
const MOST_SETTINGS = 300;
const MOST_LETTERS = 400;

/** Where the page lies, and the folders that it leads to, where they are on this disk. */
export interface Places {
  reportsDir: string;
  sprintsDir?: string;
  runsDir?: string;
}

/** The reports of a sprint and the files of its folder, those that are there. */
export function sprintLinks({ reportsDir, sprintsDir }: Places, id: string): Link[] {
  const reports = ['html', 'pdf', 'md'].map((form) => ({
    label: form,
    path: join(reportsDir, `${id}.${form}`),
  }));
  if (sprintsDir === undefined) return links(reportsDir, reports);
  const { log, patch, record } = inSprint(join(sprintsDir, id));
  return links(reportsDir, [
    ...reports,
    { label: 'log', path: log },
    { label: 'patch', path: patch },
    { label: 'sprint.json', path: record },
  ]);
}

/** The files of a run's folder that a person reads, those that are there. */
export function runLinks({ reportsDir, runsDir }: Places, id: string): Link[] {
  if (runsDir === undefined) return [];
  const { record, trainerLog, result, verdict, judgeLog } = inRun(join(runsDir, id));
  return links(reportsDir, [
    { label: 'run.json', path: record },
    { label: 'trainer.log', path: trainerLog },
    { label: 'result.json', path: result },
    { label: 'verdict.json', path: verdict },
    { label: 'judge.log', path: judgeLog },
  ]);
}

const links = (from: string, files: readonly { label: string; path: string }[]): Link[] =>
  files
    .filter(({ path }) => existsSync(path))
    .map(({ label, path }) => ({ label, href: hrefOf(from, path) }));

/** The address of a file relative to a page in `from`. */
const hrefOf = (from: string, path: string) =>
  relative(from, path).split(sep).map(encodeURIComponent).join('/');

/** The patch of a sprint; null where it has none. */
export function patchOf({ reportsDir, sprintsDir }: Places, id: string): Patch | null {
  if (sprintsDir === undefined) return null;
  const { patch } = inSprint(join(sprintsDir, id));
  const bytes = statSync(patch, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes === 0) return null;
  const text = readUntrusted(patch, MOST_PATCH);
  return { text: text === null ? null : printable(text), bytes, href: hrefOf(reportsDir, patch) };
}

/**
 * The settings that the trainer of a run states it used, flattened: {"beta": "0.9", "sizes.0": "4"}. Null
 * where the run's folder is gone, or its trainer did not finish.
 */
export function statedSettings({ runsDir }: Places, id: string): Record<string, string> | null {
  const text = runsDir === undefined ? null : readUntrusted(inRun(join(runsDir, id)).result, MOST_RESULT);
  if (text === null) return null;
  try {
    const { config, architecture } = TrainResult.parse(JSON.parse(text));
    const settings = flat({ ...(architecture !== undefined && { architecture }), ...config }, MOST_SETTINGS);
    return Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [plain(key), plain(value).slice(0, MOST_LETTERS)]),
    );
  } catch {
    return null;
  }
}

const guards = z.record(z.string(), Condition).default({});
const Rules = z.object({ guards, profiles: z.record(z.string(), z.object({ guards })) });

/**
 * The guards of a leaderboard: those that were committed with it, else those of TASK.md, which may have
 * changed since. None where TASK.md has no such profile any more.
 */
export function guardsOfBoard(
  { sprintsDir }: Pick<Places, 'sprintsDir'>,
  { leaderboard, profile }: { leaderboard: string; profile: string },
  task: Task,
): Record<string, Condition> {
  const kept = sprintsDir === undefined ? null : keptRules(sprintsDir, leaderboard);
  if (kept) return { ...kept.guards, ...kept.profiles[profile]?.guards };
  const { profiles } = task.contract;
  const now = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  return now ? guardsOf(task, now) : {};
}

function keptRules(sprintsDir: string, leaderboard: string): z.infer<typeof Rules> | null {
  try {
    const path = join(dirname(sprintsDir), committed.contract(leaderboard));
    return Rules.parse(parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

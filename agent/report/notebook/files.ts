import { existsSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { printable } from '#contract/text';
import { readUntrusted } from '#host/untrusted';
import { inRun, inSprint } from '../../common/paths.ts';
import type { Link, Patch } from './model.ts';

/** A longer patch is a link. */
const MOST_PATCH = 20_000;

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

import { z } from 'zod';
import { writeJsonAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import type { Child } from '#host/child';
import { killGroup } from '#host/groups';
import { processWith } from '#host/processes';
import { readUntrusted } from '#host/untrusted';
import { inRun } from '../common/paths.ts';

// What a local run has running, and what is left of it when who started it is gone.

/** Leaders of process groups; with its start time a pid names one process for good. */
const Processes = z.array(z.object({ pid: z.number(), start: z.string().nullable() }));
type Processes = z.infer<typeof Processes>;

/** Writes down what a run is made of, for whoever comes after a kill -9. */
export function noteProcesses(dir: string, children: readonly Child[]): void {
  const processes: Processes = children.map(({ pid, processStart }) => ({ pid, start: processStart }));
  writeJsonAtomic(inRun(dir).processes, processes);
}

/** What was written down; nothing where nothing can be read. */
export function processesOf(dir: string): Processes {
  try {
    return Processes.parse(JSON.parse(readUntrusted(inRun(dir).processes, 1 << 16) ?? '[]'));
  } catch {
    return [];
  }
}

/** Ends them. Tells whether there was anything to end. */
export async function endLeft(dir: string): Promise<boolean> {
  const ended = await Promise.all(processesOf(dir).map(({ pid, start }) => killGroup(pid, start)));
  return ended.some(Boolean);
}

/**
 * The trainer that a killed command may have left behind, by the folder on its command line; null where none
 * runs.
 */
export const trainerOf = (dir: string): number | null =>
  processWith((words) => words.includes(`--out\0${inRun(dir).out}\0`));

/** @throws UserError for a run that still trains. */
export function refuseRunning(dir: string): void {
  const pid = trainerOf(dir);
  if (pid === null) return;
  throw new UserError(`${dir}: its trainer still runs (process ${pid}); wait for it, or end it: kill ${pid}`);
}

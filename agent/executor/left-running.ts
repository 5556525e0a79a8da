import { z } from 'zod';
import { writeJsonAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import type { Child } from '#host/child';
import { killGroup } from '#host/groups';
import { processWith } from '#host/processes';
import { readUntrusted } from '#host/untrusted';
import { inRun } from '../common/paths.ts';

// The processes of a local run, and those left behind when the process that started it is gone.

/** Leaders of process groups; a pid and its start time together identify one process. */
const Processes = z.array(z.object({ pid: z.number(), start: z.string().nullable() }));
type Processes = z.infer<typeof Processes>;

/** Records the processes of a run, so that a later start can end them after a kill -9. */
export function noteProcesses(dir: string, children: readonly Child[]): void {
  const processes: Processes = children.map(({ pid, processStart }) => ({ pid, start: processStart }));
  writeJsonAtomic(inRun(dir).processes, processes);
}

/** The recorded processes; none where the file cannot be read. */
export function processesOf(dir: string): Processes {
  try {
    return Processes.parse(JSON.parse(readUntrusted(inRun(dir).processes, 1 << 16) ?? '[]'));
  } catch {
    return [];
  }
}

/** Ends the recorded processes. Returns whether one still ran. */
export async function endLeft(dir: string): Promise<boolean> {
  const ended = await Promise.all(processesOf(dir).map(({ pid, start }) => killGroup(pid, start)));
  return ended.some(Boolean);
}

/**
 * The process of a trainer that a killed command may have left behind, found by the folder on its command
 * line; null where none runs.
 */
export const trainerOf = (dir: string): number | null =>
  processWith((words) => words.includes(`--out\0${inRun(dir).out}\0`));

/** @throws UserError for a run that still trains. */
export function refuseRunning(dir: string): void {
  const pid = trainerOf(dir);
  if (pid === null) return;
  throw new UserError(
    `${dir}: its trainer is still running (process ${pid}); wait for it, or end it: kill ${pid}`,
  );
}

import { availableParallelism } from 'node:os';
import type { Task } from '#contract/task';
import { machine } from '#host/machine';
import { machineMemory } from '#host/memory';
import { runDir } from '../common/paths.ts';
import type { Executor } from '../executor/executor.ts';
import { findRunRecord, readSprintRun, runNames } from '../ledger/run-folder.ts';
import type { Member } from './member.ts';

/** How many runs tell enough; reading the logs of all of a long history would take seconds. */
const RUNS = 60;

/**
 * How long these runs take one after the other, trained and judged, in seconds, by finished runs of the
 * profile in this checkout: of the same experiment, else of any. Null where there is none.
 */
export function secondsFor(
  repo: string,
  profileName: string,
  samples: number,
  members: readonly Pick<Member, 'name'>[],
): number | null {
  const speeds = new Map<string, number[]>();
  const finished = runNames(repo).filter((id) => {
    const record = findRunRecord(runDir(repo, id));
    return record?.profile === profileName && record.status === 'finished';
  });
  const runs = finished.slice(-RUNS).flatMap((id) => readSprintRun(repo, id) ?? []);
  for (const { experiment, samplesPerSecond } of runs)
    if (samplesPerSecond) speeds.set(experiment, [...(speeds.get(experiment) ?? []), samplesPerSecond]);
  const all = [...speeds.values()].flat();
  if (all.length === 0) return null;
  const judged = runs.flatMap(({ verdict }) => verdict?.seconds ?? []);
  const judging = judged.length === 0 ? 0 : middle(judged);
  return members.reduce((sum, { name }) => sum + samples / middle(speeds.get(name) ?? all) + judging, 0);
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 1;

/** What a run of a large model needs. */
const RUN_BYTES = 4 * 2 ** 30;

/** How many runs of a sweep train side by side: as many as may be jobs, or as fit on this machine. */
export const lanesFor = (task: Task, executor: Pick<Executor, 'slots'>): number =>
  task.contract.executor.slurm ? executor.slots(task) : lanesHere();

/** One on a GPU, else one for each two cores. */
function lanesHere(): number {
  if (machine().gpu !== null) return 1;
  const cores = Math.floor(availableParallelism() / 2);
  return Math.max(1, Math.min(cores, Math.floor(machineMemory() / RUN_BYTES)));
}

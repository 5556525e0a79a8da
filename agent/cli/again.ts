import { existsSync } from 'node:fs';
import { UserError } from '#contract/errors';
import { type RunRecord, type RunSpec, specOf } from '#contract/run';
import { readSafetensors } from '#contract/safetensors';
import type { Sprint, SprintRun } from '#contract/sprint';
import { EXIT_CODES } from '#contract/stop';
import type { Task } from '#contract/task';
import { git } from '#host/git';
import type { Sandbox } from '#host/sandbox';
import { committedTree } from '#host/tree';
import { inRun, runDir } from '../common/paths.ts';
import type { SecretWorld } from '../executor/executor.ts';
import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { watch } from './watch.ts';

/** A run to train again. */
export interface Again {
  task: Task;
  repo: string;
  sandbox: Sandbox;
  profileName: string;
  /** The sprint that the run belongs to; null for a run by hand. */
  sprint: Pick<Sprint, 'id'> | null;
  run: RunSpec & { id: string };
  /** The seed, where it is not the run's own. */
  seed?: number;
  secretWorld?: SecretWorld;
}

/**
 * Trains a run again, from its recorded tree and arguments, as a run of its own.
 * @throws UserError where the tree is nowhere to be found, or the run did not finish.
 */
export async function trainAgain(of: Again): Promise<RunRecord> {
  const { task, repo, sandbox, profileName, sprint, run, secretWorld } = of;
  await findTree(task, repo, sprint, run);
  const again = await new TaskExecutor().start({
    ...{ repo, task, sandbox, profileName, sprint: null, secretWorld },
    ...specOf({ ...run, seed: of.seed ?? run.seed }),
  });
  const where = secretWorld ? ` · ${task.contract.secret.one}` : '';
  const title = `${again.id} · tree ${run.tree.slice(0, 8)}${where}`;
  const record = await watch(again, title, task.contract.plots.curves);
  if (record.status === 'finished') return record;
  throw new UserError(
    `${again.dir}: ${record.status}: ${record.reason}`,
    record.endedBy === 'user' ? EXIT_CODES.interrupt : 1,
  );
}

/**
 * A clone has the commits of the sprints, but not the trees of their runs. The tree of the best run is then
 * the workspace of the sprint's commit.
 */
async function findTree(
  task: Task,
  repo: string,
  sprint: Again['sprint'],
  { id, tree }: Again['run'],
): Promise<void> {
  const present = await git(repo, ['cat-file', '-e', `${tree}^{tree}`]).then(
    () => true,
    () => false,
  );
  if (present) return;
  const record = sprint && `sprints/${sprint.id}/sprint.json`;
  const commit = record === null ? '' : await git(repo, ['log', '--all', '-1', '--format=%H', '--', record]);
  const folder = task.contract.workspace;
  if (commit !== '' && (await committedTree({ repo, commit, folder })) === tree) return;
  const fetch = record === null ? '' : `fetch the branch that has ${record}, or `;
  throw new UserError(
    `${id} was trained from the tree ${tree}, which is not in this repository; ${fetch}use the checkout in which it was trained`,
  );
}

/** Whether two runs have the same weights: one line, naming the tensors that differ and by how much. */
export function weightsCompared(repo: string, first: SprintRun, second: SprintRun): string {
  const checkpointOf = ({ id }: SprintRun) => inRun(runDir(repo, id)).checkpoint;
  if (!existsSync(checkpointOf(first)))
    return 'weights: not compared; the checkpoint of the first run is not in this checkout (checkpoints are not committed)';
  const was = readSafetensors(checkpointOf(first)).tensors;
  const now = readSafetensors(checkpointOf(second)).tensors;
  const differences: string[] = [];
  for (const [name, { data }] of was) {
    const other = now.get(name)?.data;
    if (other?.length !== data.length) differences.push(`${name} has another shape`);
    else {
      const most = data.reduce(
        (largest, value, i) => Math.max(largest, Math.abs(value - (other[i] ?? Number.NaN))),
        0,
      );
      if (most !== 0) differences.push(`${name} differs by at most ${most.toPrecision(2)}`);
    }
  }
  const engines = [...new Set([first.backend ?? '?', second.backend ?? '?'])].join(', then ');
  return differences.length === 0
    ? `weights: bit-identical (${was.size} tensors, ${engines})`
    : `weights: differ (${engines}): ${differences.join(', ')}`;
}

import { z } from 'zod';
import { UserError } from '#contract/errors';
import type { Task } from '#contract/task';
import { Line } from '#contract/text';
import { capture } from '#host/capture';
import { splitCommand } from '#host/command';
import { readsOf } from '#host/reads';
import type { Sandbox } from '#host/sandbox';

const Listing = z.array(
  z.object({
    name: Line,
    description: Line.default(''),
    /** For a sweep: its experiments. */
    members: z.array(Line).min(1).optional(),
  }),
);
export type Experiment = z.infer<typeof Listing>[number];

/**
 * The experiments and sweeps of the workspace of a repository (`train --list`).
 * @throws UserError where the workspace cannot list them.
 */
export async function listExperiments(of: {
  task: Task;
  repo: string;
  sandbox: Sandbox;
}): Promise<Experiment[]> {
  const { task, repo: cwd, sandbox } = of;
  const train = splitCommand(task.contract.train);
  const wrapped = sandbox.wrap([...train, '--list'], { cwd, readable: readsOf(task, cwd, cwd) });
  const { exit, stdout, complaint } = await capture({ ...wrapped, cwd, timeoutSeconds: 60 });
  try {
    if (exit.code === 0) return Listing.parse(JSON.parse(stdout));
  } catch {}
  throw new UserError(
    `the workspace ${task.contract.workspace}/ cannot list its experiments (${task.contract.train} --list): ${
      exit.timedOut ? 'no answer in 60 s' : (complaint ?? 'its output has no list')
    }`,
  );
}

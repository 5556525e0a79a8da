import { UserError } from '#contract/errors';
import type { Task } from '#contract/task';
import { capture } from '#host/capture';
import { splitCommand } from '#host/command';
import { readsOf } from '#host/reads';
import type { Sandbox } from '#host/sandbox';

const SECONDS = 600;

/**
 * Runs the task's check once where `--backend` or ENGINE_BACKEND forces a backend. One that does not exist,
 * or cannot run here, would otherwise end every training run of a sweep, or of a night whose calls were paid.
 * Writes nothing.
 * @throws UserError with the check's error line.
 */
export async function tryForcedBackend(
  task: Task,
  repo: string,
  sandbox: Pick<Sandbox, 'wrap'>,
): Promise<void> {
  const { contract } = task;
  const { ENGINE_BACKEND: forced = 'auto' } = process.env;
  if (forced === 'auto') return;
  const wrapped = sandbox.wrap(splitCommand(contract.check), {
    cwd: repo,
    readable: readsOf(task, repo, repo),
  });
  const { exit, complaint } = await capture({ ...wrapped, cwd: repo, timeoutSeconds: SECONDS });
  if (exit.code === 0) return;
  const why = exit.timedOut ? `no answer in ${SECONDS} s` : (complaint ?? 'no reason given');
  throw new UserError(`--backend ${forced}: the check of ${contract.workspace}/ does not pass: ${why}`);
}

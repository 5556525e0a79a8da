import { UserError } from '#contract/errors';
import { git } from '#host/git';
import { removeLeft } from '#host/remove-left';
import type { Sandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import type { Config } from '../config/config.ts';
import type { Slot } from '../devices/pool.ts';
import type { Executor } from '../executor/executor.ts';
import { runRef } from '../executor/run-id.ts';
import { readSprintRun } from '../ledger/run-folder.ts';

export interface Probed {
  experiment: string;
  samplesPerSecond: number;
  /** How long the probe held the device. */
  seconds: number;
  /** What the trainer computed with; null where it does not say. */
  backend: string | null;
}

type ProbedConfig = Pick<Config, 'repo' | 'task' | 'profile' | 'profileName' | 'seed'>;

/**
 * Runs the profile's speed probe from the workspace as it stands, for at most `timeoutSeconds`, in a slot of
 * the pool where there is one, and removes its run. Null where the profile names no probe, or where `signal`
 * aborts first: the probe is then ended at once.
 * @throws UserError where the probe does not finish.
 */
export async function probeSpeed(
  { config, sandbox, executor }: { config: ProbedConfig; sandbox: Sandbox; executor: Executor },
  timeoutSeconds: number,
  signal: AbortSignal,
  place: Slot = { device: null },
): Promise<Probed | null> {
  const { repo, task, profile, profileName, seed } = config;
  if (!profile.speedProbe || signal.aborted) return null;
  const { experiment, samples } = profile.speedProbe;
  const tree = await snapshotTree({ repo, folder: task.contract.workspace });
  const common = { repo, task, profileName, sandbox, seed, tree };
  const handle = await executor.start({
    ...common,
    experiment,
    samples,
    settings: {},
    sprint: null,
    timeoutSeconds,
    ...place,
  });
  const end = () => void handle.stop('stopped', { by: 'loop', graceSeconds: 0 });
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  const record = await handle.done;
  signal.removeEventListener('abort', end);
  if (signal.aborted) {
    await handle.discard();
    return null;
  }
  const run = readSprintRun(repo, handle.id);
  if (record.status !== 'finished') {
    throw new UserError(
      `the speed probe ended as ${record.status}: ${record.reason ?? 'no reason given'}; see ${handle.dir}/trainer.log`,
    );
  }
  removeLeft(handle.dir);
  await git(repo, ['update-ref', '-d', runRef(handle.id)]);
  const seconds = record.seconds ?? 0;
  const samplesPerSecond = run?.samplesPerSecond ?? samples / seconds;
  return { experiment, samplesPerSecond, seconds, backend: run?.backend ?? null };
}

import { availableParallelism } from 'node:os';
import { startWorking, working } from '#contract/working';
import { Queue } from '../common/queue.ts';
import { fingerprintsOf } from '../executor/fingerprint.ts';
import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { type Member, type SweepPlan, sweepRun } from '../sweep/member.ts';
import type { SweepRun } from '../sweep/rows.ts';
import { abortable } from './interrupt.ts';
import { show } from './verdict-table.ts';
import { say, watch } from './watch.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

interface How {
  /** What each run gave, in the order of `wanted`; called again with each further run. */
  onRun(made: SweepRun[]): void;
  /** Is put before each line. */
  within?: string;
  /** How many train at a time; unset: one. Above one, those that are no jobs share the cores. */
  sideBySide?: number;
}

/**
 * Makes the runs and says what came of each; complete runs are passed over. False if Ctrl-C came before the
 * end.
 */
export async function makeRuns(
  wanted: readonly Member[],
  common: Omit<SweepPlan, 'executor' | 'abortable' | 'watch' | 'threads'>,
  { onRun, within = '', sideBySide = 1 }: How,
): Promise<boolean> {
  const { metric, plots } = common.task.contract;
  const executor = new TaskExecutor();
  const alone = sideBySide === 1;
  // A job has cores of its own; the judge has those of this machine.
  const asJobs = common.task.contract.executor.slurm !== undefined;
  const judging = new Queue();
  const threads = alone || asJobs ? undefined : Math.max(1, Math.floor(availableParallelism() / sideBySide));
  const made: (SweepRun | undefined)[] = wanted.map(() => undefined);
  const left = [...wanted.entries()];
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  const lane = async () => {
    for (let next = left.shift(); next && !interrupted; next = left.shift()) {
      const [i, member] = next;
      const { name, seed } = member;
      const title = `${within}${i + 1} of ${wanted.length} · ${member.label ?? name} · seed ${seed}`;
      let before = ' (made already)';
      const plan: SweepPlan = {
        ...{ ...common, executor, threads },
        abortable: (work) => {
          if (alone) return working(`${title} · judging`, () => abortable(work));
          return asJobs ? judging.run(() => abortable(work)) : abortable(work);
        },
        watch: (run) => {
          before = '';
          if (interrupted) void run.stop('stopped by hand', { graceSeconds: 0 });
          return watch(run, `${title} · ${run.id}`, plots.curves, alone);
        },
      };
      const run = await sweepRun(plan, member);
      if (interrupted) return;
      made[i] = run;
      onRun(made.flatMap((each) => each ?? []));
      if (run.status === 'finished') say(`${title} · ${metric} ${show(run.metrics[metric])}${before}`);
      else say(`${title} · ${run.status}: ${run.reason}`);
    }
  };
  const together = alone ? null : startWorking(`${sideBySide} runs side by side`);
  const lanes = await Promise.allSettled(Array.from({ length: sideBySide }, lane));
  together?.end();
  for (const signal of SIGNALS) process.off(signal, interrupt);
  for (const each of lanes) if (each.status === 'rejected') throw each.reason;
  return !interrupted;
}

/**
 * Experiments and their settings with the fingerprints of their runs. Says where those are of the whole
 * workspace because a module hides what it loads.
 */
export async function withFingerprints<T extends Pick<Member, 'name' | 'settings'>>(
  from: Parameters<typeof fingerprintsOf>[0],
  experiments: readonly T[],
): Promise<(T & Pick<Member, 'fingerprint'>)[]> {
  const asked = experiments.map(({ name, settings }) => ({ experiment: name, settings }));
  const told = await fingerprintsOf(from, asked);
  const reasons = from.task.contract.fingerprint ? told.flatMap(({ unseen }) => unseen ?? []) : [];
  for (const why of new Set(reasons)) say(`any change of the workspace makes runs again: ${why}`);
  return experiments.map((each, i) => ({ ...each, fingerprint: told[i]?.fingerprint ?? '' }));
}

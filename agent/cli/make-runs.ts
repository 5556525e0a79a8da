import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { type SweepPlan, sweepRun } from '../sweep/member.ts';
import type { SweepRun } from '../sweep/summary.ts';
import { abortable } from './interrupt.ts';
import { show } from './verdict-table.ts';
import { say, watch } from './watch.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Makes the runs one by one, says what came of each and gives it to `onRun`; complete runs are passed over.
 * `within` is put before each line. False if Ctrl-C came before the end.
 */
export async function makeRuns(
  wanted: readonly { name: string; seed: number }[],
  common: Omit<SweepPlan, 'executor' | 'abortable' | 'watch'>,
  onRun: (run: SweepRun) => void,
  within = '',
): Promise<boolean> {
  const { metric, plots } = common.task.contract;
  const executor = new TaskExecutor();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  for (const [i, { name, seed }] of wanted.entries()) {
    const title = `${within}${i + 1} of ${wanted.length} · ${name} · seed ${seed}`;
    let made = ' (made already)';
    const plan: SweepPlan = {
      ...{ ...common, executor, abortable },
      watch: (run) => {
        made = '';
        return watch(run, `${title} · ${run.id}`, plots.curves);
      },
    };
    const run = await sweepRun(plan, name, seed);
    if (interrupted) return false;
    onRun(run);
    if (run.status === 'finished') say(`${title} · ${metric} ${show(run.metrics[metric])}${made}`);
    else say(`${title} · ${run.status}: ${run.reason}`);
  }
  for (const signal of SIGNALS) process.off(signal, interrupt);
  return true;
}

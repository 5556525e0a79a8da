import { fingerprintsOf } from '../executor/fingerprint.ts';
import { LocalExecutor } from '../executor/local.ts';
import { type Member, type SweepPlan, sweepRun } from '../sweep/member.ts';
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
  wanted: readonly Member[],
  common: Omit<SweepPlan, 'executor' | 'abortable' | 'watch'>,
  onRun: (run: SweepRun) => void,
  within = '',
): Promise<boolean> {
  const { metric, plots } = common.task.contract;
  const executor = new LocalExecutor();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  for (const [i, member] of wanted.entries()) {
    const { name, seed } = member;
    const title = `${within}${i + 1} of ${wanted.length} · ${name} · seed ${seed}`;
    let made = ' (made already)';
    const plan: SweepPlan = {
      ...{ ...common, executor, abortable },
      watch: (run) => {
        made = '';
        return watch(run, `${title} · ${run.id}`, plots.curves);
      },
    };
    const run = await sweepRun(plan, member);
    if (interrupted) return false;
    onRun(run);
    if (run.status === 'finished') say(`${title} · ${metric} ${show(run.metrics[metric])}${made}`);
    else say(`${title} · ${run.status}: ${run.reason}`);
  }
  for (const signal of SIGNALS) process.off(signal, interrupt);
  return true;
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

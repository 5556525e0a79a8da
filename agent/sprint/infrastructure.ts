import { specOf } from '#contract/run';
import type { Sprint } from '#contract/sprint';
import { runDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import { judgeRun } from '../executor/judging.ts';
import { noBest } from '../ledger/decide.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { checkTree } from '../runs/check.ts';

/**
 * Whether an infrastructure change leaves the results as they were: the check passes, and the best's
 * experiment is judged the same within the noise when it is trained at the screening budget with the same
 * seed from the old and the new tree.
 */
export async function pairedScreen(
  { loop, claimedRuns, treeBefore }: OpenSprint,
  best: Sprint | undefined,
  treeNow: string,
): Promise<{ kept: boolean; reason: string }> {
  const {
    config: { task, repo, profile },
    sandbox,
    stopper,
  } = loop;
  if (treeNow === treeBefore) return { kept: false, reason: 'the workspace did not change' };
  const failed = await checkTree(loop, treeNow);
  if (failed) return { kept: false, reason: `check failed: ${failed}` };
  const run = best?.runs.find((r) => r.id === best.candidate);
  if (!run) return { kept: true, reason: 'check passed; there is no best yet to compare with' };

  const { metric } = task.contract;
  const values: number[] = [];
  for (const tree of [treeBefore, treeNow]) {
    const spec = { ...specOf(run), samples: profile.budgets.screen, tree };
    const record = await claimedRuns.complete(spec).catch((error: unknown) => messageOf(error));
    if (typeof record === 'string') return { kept: false, reason: `its screen was ${record}` };
    if (record.status !== 'finished') {
      return {
        kept: false,
        reason: `its screen ended as ${record.status}: ${record.reason ?? 'no reason given'}`,
      };
    }
    const verdict = await judgeRun({
      task,
      repo,
      runDir: runDir(repo, record.id),
      sandbox,
      bound: noBest(task.contract.goal),
      signal: stopper.hard,
    });
    values.push(verdict.metrics[metric] ?? Number.NaN);
  }
  const [before = Number.NaN, after = Number.NaN] = values;
  const kept = Math.abs(after - before) <= profile.noise.screen;
  const reason = `the best's screen gives ${metric} ${before.toPrecision(4)} before and ${after.toPrecision(4)} after, noise ${profile.noise.screen}`;
  return { kept, reason };
}

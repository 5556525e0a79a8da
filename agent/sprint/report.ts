import { join, relative } from 'node:path';
import type { Sprint } from '#contract/sprint';
import { homeOf } from '#host/worktree';
import { reportsDir, sprintsDir } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { writeTables } from '../report/tables.ts';
import type { Outputs } from '../screen/outputs.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  checkout: Checkout;
  journal: Journal;
  ledger: Ledger;
  timer: Timer;
  outputs: Outputs;
}

/**
 * Writes a sprint's report, redraws the notebook and writes the ledger as CSV. A failure is logged and does
 * not stop the loop. `live`: the loop goes on meanwhile.
 */
export async function reportSprint(
  loop: LoopParts,
  sprint: Sprint,
  { live = false }: { live?: boolean } = {},
): Promise<void> {
  const {
    config: { repo, task, profile },
    journal,
    timer,
    outputs: { notebook },
  } = loop;
  await timer.time('reports', async () => {
    const started = performance.now();
    let files: string[] = [];
    const troubles: string[] = [];
    try {
      const sprintDir = join(sprintsDir(repo), sprint.id);
      const report = await loop.outputs.report({
        sprintDir,
        reportsDir: reportsDir(repo),
        sprints: loop.ledger.sprints,
        task,
        profile,
        branch: loop.checkout.branch.name,
      });
      files = report.files.map((file) => relative(homeOf(repo), file));
      if (report.trouble) troubles.push(report.trouble);
      await notebook.draw(live);
      writeTables(reportsDir(repo), loop.ledger.sprints);
    } catch (error) {
      troubles.push(messageOf(error));
    }
    const trouble = troubles.join('; ') || null;
    const seconds = (performance.now() - started) / 1000;
    journal.emit({ type: 'report.rendered', sprint: sprint.id, files, trouble, seconds });
  });
}

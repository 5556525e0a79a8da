import { join, relative } from 'node:path';
import type { Sprint } from '#contract/sprint';
import { type House, reportsDir, sprintsDir } from '../house.ts';
import { readSprints } from '../ledger.ts';
import { messageOf } from '../words.ts';

/** Writes a sprint's report and redraws the notebook. A report that cannot be made is told, and stops nothing. */
export async function reportSprint(house: House, sprint: Sprint): Promise<void> {
  const { repo, task, profile, events, split, notebook } = house;
  await split.time('reports', async () => {
    const started = performance.now();
    let files: string[] = [];
    const troubles: string[] = [];
    try {
      const sprintDir = join(sprintsDir(repo), sprint.id);
      const sprints = readSprints(sprintsDir(repo));
      const report = await house.report({ sprintDir, reportsDir: reportsDir(repo), sprints, task, profile });
      files = report.files.map((file) => relative(repo, file));
      if (report.trouble) troubles.push(report.trouble);
      await notebook.draw(false);
    } catch (error) {
      troubles.push(messageOf(error));
    }
    const trouble = troubles.join('; ') || null;
    const seconds = (performance.now() - started) / 1000;
    events.emit({ type: 'report.rendered', sprint: sprint.id, files, trouble, seconds });
  });
}

import { join, relative } from 'node:path';
import type { Sprint } from '#contract/sprint';
import { type House, reportsDir, sprintsDir } from '../house.ts';
import { readSprints } from '../ledger.ts';
import { messageOf } from '../words.ts';

/** Writes a sprint's report and redraws the notebook. A report that cannot be made is told, and stops nothing. */
export async function reportSprint(house: House, sprint: Sprint): Promise<void> {
  const { repo, task, profile, events, split } = house;
  const sprints = readSprints(sprintsDir(repo)).filter((s) => s.leaderboard === sprint.leaderboard);
  await split.time('reports', async () => {
    const started = performance.now();
    let files: string[] = [];
    let trouble: string | null = null;
    try {
      const name = '../report/index.ts';
      const { renderNotebook, renderReport } = await import(name);
      const sprintDir = join(sprintsDir(repo), sprint.id);
      const report = await renderReport({ sprintDir, reportsDir: reportsDir(repo), sprints, task, profile });
      files = report.files.map((file: string) => relative(repo, file));
      trouble = report.trouble;
      await renderNotebook({
        sprints: readSprints(sprintsDir(repo)),
        live: null,
        reportsDir: reportsDir(repo),
        task,
      });
    } catch (error) {
      trouble = [trouble, messageOf(error)].filter(Boolean).join('; ');
    }
    const seconds = (performance.now() - started) / 1000;
    events.emit({ type: 'report.rendered', sprint: sprint.id, files, trouble, seconds });
  });
}

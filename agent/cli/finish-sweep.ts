import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import { profileOf, type Task } from '#contract/task';
import { swept } from '../sweep/grid.ts';
import { byExperiment, sweepPlot } from '../sweep/plot.ts';
import { rowsOf } from '../sweep/rows.ts';
import { settingsPlots } from '../sweep/settings-plots.ts';
import { noiseWords, type SweepSummary, tableOf, writeSummary } from '../sweep/summary.ts';
import { table } from './verdict-table.ts';

/** Draws the plots of a sweep, writes the summary with them, and shows the table. */
export async function finishSweep(folder: string, summary: SweepSummary, task: Task): Promise<void> {
  const { contract } = task;
  const { metric, also, plots } = contract;
  const keys = swept(summary.grid);
  const rows = rowsOf(summary.runs, keys);
  const metrics = [metric, ...also.filter((name) => name !== plots.against?.field)].slice(0, 2);
  const profile = profileOf(task, summary.profile);
  const svg = plots.against
    ? await sweepPlot(byExperiment(rows, summary.grid, plots.against.field), profile, metrics, plots.against)
    : null;
  const pictures = [
    ...(await settingsPlots(rows, keys, metrics)),
    ...(svg === null ? [] : [{ name: 'plot', svg }]),
  ].map(({ name, svg }) => ({ file: `${name.replace(/[^\w.]+/g, '-')}.svg`, svg }));
  for (const { file, svg } of pictures) writeFileAtomic(join(folder, file), svg);
  writeSummary(
    folder,
    summary,
    contract,
    pictures.map(({ file }) => file),
  );
  const words = noiseWords(summary, contract);
  process.stdout.write(`${table(tableOf(summary, contract))}${words === null ? '' : `${words}\n`}`);
  process.stdout.write(`${folder}/README.md\n`);
}

import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import type { PlainProfile } from '#contract/noise';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import { composeReport } from './compose/report.ts';
import { readSource } from './compose/source.ts';
import { linkFiles } from './document/walk.ts';
import { withoutBadSvgs } from './svgs.ts';
import { writeHtml } from './write/html.ts';
import { writeMarkdown } from './write/markdown.ts';
import { writePdf } from './write/pdf.ts';

/** The forms of a report, in the order in which they are written. */
export const forms = ['md', 'html', 'pdf'] as const;
export type Form = (typeof forms)[number];

/** The input of the child process, as JSON on its standard input. */
export interface RenderJob {
  sprintDir: string;
  reportsDir: string;
  sprints: Sprint[];
  task: Task;
  profile: PlainProfile | null;
  branch: string | null;
  forms: Form[];
  /** Take the researcher's Markdown as plain text and draw no plots. Used after a first child died. */
  simple: boolean;
}

/** One line of the child's standard output: a file that is on disk, or what went wrong. */
export type JobLine = { file: string } | { trouble: string };

/**
 * Writes the requested forms as `<reportsDir>/<sprint id>.md`, `.html`, `.pdf`, in this order, each
 * atomically. It calls `tell` after each file, so that a later failure does not lose earlier files.
 * @throws UserError for a folder without sprint.json.
 */
export async function renderJob(job: RenderJob, tell: (line: JobLine) => void): Promise<void> {
  const source = readSource(job.sprintDir);
  const composed = await composeReport(source, job.sprints, job.task, job.profile, job);
  const sprint = relative(job.reportsDir, job.sprintDir);
  const { blocks, ...rest } = await withoutBadSvgs(composed);
  const report = { ...rest, blocks: linkFiles(blocks, join(sprint, '..', '..')) };
  mkdirSync(job.reportsDir, { recursive: true });
  const write = async (form: Form, content: () => Promise<string> | string | Uint8Array) => {
    if (!job.forms.includes(form)) return;
    const file = join(job.reportsDir, `${source.sprint.id}.${form}`);
    try {
      writeFileAtomic(file, await content());
      tell({ file });
    } catch (error) {
      tell({
        trouble: `no ${form.toUpperCase()}: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  };
  await write('md', () => writeMarkdown(report, sprint));
  await write('html', () => writeHtml(report));
  await write('pdf', () => {
    const { bytes, trouble } = writePdf(report);
    if (trouble) tell({ trouble });
    return bytes;
  });
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PlainProfile } from '#contract/noise';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import { collect, startChild } from '#host/child';
import { cleanEnv } from '#host/env';
import { readSource } from './compose/source.ts';
import { type Form, forms, type JobLine, type RenderJob } from './job.ts';
import type { NotebookRequest } from './notebook.ts';

export type { LiveState } from './notebook.ts';

/** Loads the notebook renderer, which takes half a second. */
export const loadNotebook = () => import('./notebook.ts');

/** Redraws the lab notebook (notebook.ts) and returns its path. */
export async function renderNotebook(request: NotebookRequest): Promise<string> {
  const notebook = await loadNotebook();
  return notebook.renderNotebook(request);
}

export interface ReportRequest {
  /** `sprints/<id>`, with sprint.json, and README.md and change.patch where there are any. */
  sprintDir: string;
  reportsDir: string;
  /** All closed sprints, this one included; those of other leaderboards and later ones are left out. */
  sprints: readonly Sprint[];
  task: Task;
  /** Null when TASK.md has no such profile any more. */
  profile: PlainProfile | null;
  /** The branch that the sprint is committed on, where that is known. */
  branch?: string | null;
  /** Seconds after which a renderer process is ended; at most two of them run. */
  timeout?: number;
}

export interface RenderedReport {
  /** The files on disk, in the order written: Markdown, HTML, PDF. */
  files: string[];
  /** What could not be made, and why; null when all is there. */
  trouble: string | null;
  seconds: number;
}

/**
 * Renders a sprint's report as Markdown, HTML and PDF, in a child process with a time limit. When the child
 * dies before all three exist, a second one makes the missing ones, with the researcher's Markdown as plain
 * text and without plots.
 * @throws UserError for a folder without a readable sprint.json; any other failure is in `trouble`.
 */
export async function renderReport(request: ReportRequest): Promise<RenderedReport> {
  const started = performance.now();
  const { sprint } = readSource(request.sprintDir);
  const { sprintDir, reportsDir, task, profile } = request;
  const job: RenderJob = {
    sprintDir,
    reportsDir,
    task,
    profile,
    branch: request.branch ?? null,
    forms: [...forms],
    simple: false,
    // Of other sprints only the curves of the best before are drawn, and curves are most of the bytes.
    sprints: request.sprints
      .filter((s) => s.leaderboard === sprint.leaderboard)
      .map((s) => ({
        ...s,
        runs: s.runs.map((run) =>
          run.id === sprint.bestBefore?.run ? run : { ...run, curve: [], evals: [] },
        ),
      })),
  };
  const timeout = (request.timeout ?? 60) * 1000;
  const first = await runChild(job, timeout);
  const lines = [...first.lines];
  if (first.died !== null) {
    // Files that the first child wrote are better than their plain versions, so they stay.
    const missing = forms.filter((form) => !lines.some((line) => 'file' in line && isForm(line.file, form)));
    lines.push({
      trouble: `the renderer ${first.died}; ${missing.join(', ')} is rendered again as plain text`,
    });
    const second = await runChild({ ...job, forms: missing, simple: true }, timeout);
    lines.push(...second.lines);
    if (second.died !== null) lines.push({ trouble: `the plain-text renderer ${second.died} too` });
  }
  const files = lines.flatMap((line) => ('file' in line ? [line.file] : []));
  const trouble = lines.flatMap((line) => ('trouble' in line ? [line.trouble] : []));
  return {
    files: [...new Set(files)].filter((file) => existsSync(file)),
    trouble: trouble.length > 0 ? trouble.join('; ') : null,
    seconds: (performance.now() - started) / 1000,
  };
}

const isForm = (file: string, form: Form) => file.endsWith(`.${form}`);

/** The renderer in its built form: loading it as TypeScript takes a fifth of a report's processor time. */
const RENDERER = ['../../host/start.mjs', './child.ts'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Runs one child until it ends. `died` says how it ended, null where by itself with exit code 0. */
async function runChild(job: RenderJob, timeout: number): Promise<{ lines: JobLine[]; died: string | null }> {
  const child = startChild({
    argv: [process.execPath, ...RENDERER],
    cwd: process.cwd(),
    env: cleanEnv(),
    stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' },
    timeoutSeconds: timeout / 1000,
    graceSeconds: 0,
  });
  child.stdin?.end(JSON.stringify(job));
  const [out, err, exit] = await Promise.all([
    collect(child.stdout!, child.done),
    collect(child.stderr!, child.done, 4000),
    child.done,
  ]);
  const lines = out.split('\n').filter((line) => line.endsWith('}'));
  const reason = /^\w*Error: .*$/m.exec(err)?.[0] ?? '';
  const died = exit.timedOut
    ? `took longer than ${timeout / 1000} s`
    : exit.code === 0
      ? null
      : `ended with ${exit.signal ?? exit.code}${reason ? ` (${reason})` : ''}`;
  return { lines: lines.map((line) => JSON.parse(line) as JobLine), died };
}

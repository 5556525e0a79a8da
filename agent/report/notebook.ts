import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import type { HowFar, RunSpec } from '#contract/run';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import { remarksOn } from '../ledger/remarks.ts';
import { outcomes } from './compose/head.ts';
import { clip, dateTime, duration, label, money, number, numberFormat, samples } from './document/names.ts';
import { progressPlot } from './plots/progress.ts';
import { plot } from './plots/vega.ts';
import { block, escaped, page } from './write/html.ts';

/** What a running loop does now. Null while none runs: then the page does not reload itself. */
export interface LiveState {
  /** The open sprint; null between sprints and before one is claimed. */
  sprint: { number: number; title: string; openedAt: string } | null;
  /** The current action in a few words: "training", "waiting: overloaded until 03:12". */
  doing: string;
  /** Whether it waits for `npm run resume`. */
  paused?: boolean;
  /** The training run that holds the device. */
  run: (HowFar & Pick<RunSpec, 'experiment'>) | null;
  researcher: string;
  /** Spent by this loop, in USD. `usdLimit` is null where there is no limit. */
  usdSpent: number;
  usdLimit: number | null;
  startedAt: string;
}

export interface NotebookRequest {
  sprints: readonly Sprint[];
  live: LiveState | null;
  reportsDir: string;
  task: Task;
}

/** Seconds after which an open browser reloads the page while a loop runs. */
const REFRESH = 15;

/**
 * Redraws `<reportsDir>/index.html`, the lab notebook: what runs now, and for each leaderboard its progress
 * and a line for each sprint with its verdict and links to its reports. It is one file that opens from disk.
 * Returns its path.
 */
export async function renderNotebook({ sprints, live, reportsDir, task }: NotebookRequest): Promise<string> {
  const boards = new Map<string, Sprint[]>();
  for (const sprint of sprints.toSorted((a, b) => a.number - b.number)) {
    boards.set(sprint.leaderboard, [...(boards.get(sprint.leaderboard) ?? []), sprint]);
  }
  const parts = [header(sprints, task)];
  if (live) parts.push(livePart(live));
  if (sprints.length === 0) parts.push('<p>No sprint is closed yet.</p>');
  // The leaderboard of the newest sprint comes first.
  const ordered = [...boards.values()].sort((a, b) => (b.at(-1)?.number ?? 0) - (a.at(-1)?.number ?? 0));
  for (const board of ordered) parts.push(await boardPart(board, reportsDir, task));
  const path = join(reportsDir, 'index.html');
  const title = `Lab notebook: ${task.contract.title}`;
  writeFileAtomic(path, await page({ title, body: parts.join('\n'), refresh: live ? REFRESH : null }));
  return path;
}

function header(sprints: readonly Sprint[], task: Task): string {
  const usd = sprints.reduce((sum, sprint) => sum + sprint.cost.usd, 0);
  const training = sprints.reduce((sum, sprint) => sum + sprint.cost.trainSeconds, 0);
  const gains = sprints.filter((sprint) => sprint.outcome === 'new-best').length;
  return block({
    t: 'title',
    kicker: 'Lab notebook',
    title: task.contract.title,
    facts: [
      `${sprints.length} ${sprints.length === 1 ? 'sprint' : 'sprints'}`,
      `${gains} with a verified gain`,
      `${duration(training)} of training`,
      money(usd),
    ],
    badges: [
      ...new Set([
        ...sprints.filter((s) => s.researcher.kind === 'offline').map((s) => s.researcher.label),
        ...sprints.filter((s) => s.sandbox !== 'bubblewrap').map((s) => `sandbox ${s.sandbox}`),
      ]),
    ].map((v) => ({ v, tone: 'warn' as const })),
  });
}

function livePart(live: LiveState): string {
  const limit = live.usdLimit === null ? '' : ` of ${money(live.usdLimit)}`;
  const title = live.sprint
    ? `Sprint ${live.sprint.number}: ${escaped(clip(live.sprint.title, 120))}`
    : 'Between sprints';
  const run = live.run;
  const share = run && run.totalSamples > 0 ? Math.min(1, run.samples / run.totalSamples) : 0;
  const bar = run
    ? `<div class="bar"><i style="width:${(share * 100).toFixed(1)}%"></i></div><p>${escaped(run.experiment)}: ${samples(run.samples)} of ${samples(run.totalSamples)} samples, ${samples(Math.round(run.samplesPerSecond))} a second, ${duration(run.etaSeconds)} left</p>`
    : '';
  return `<section class="live"><p>${live.paused ? '<span class="badge warn">paused</span>' : '<span class="badge good">running</span>'} <strong>${title}</strong></p><p>${escaped(live.doing)} · ${escaped(live.researcher)} · ${money(live.usdSpent)}${limit} spent · since ${dateTime(live.startedAt)}</p>${bar}</section>`;
}

async function boardPart(board: readonly Sprint[], reportsDir: string, task: Task): Promise<string> {
  const newest = board.at(-1) as Sprint;
  const { profiles } = task.contract;
  const profile = (Object.hasOwn(profiles, newest.profile) && profiles[newest.profile]) || null;
  const { metric } = newest;
  const drawn = progressPlot(board, metric, profile?.ceiling ?? null);
  const parts = [`<h2>Profile ${escaped(newest.profile)}</h2>`, bestLine(board, metric)];
  if (drawn) {
    const panels = await Promise.all(drawn.panels.map((panel) => plot(panel)));
    parts.push(
      block({
        t: 'figure',
        picture: { kind: 'plot', panels, legend: drawn.legend },
        alt: 'Progress over sprints',
        caption: null,
      }),
    );
  }
  parts.push(table(board, metric, task, reportsDir));
  return parts.join('\n');
}

/** The best value, and the gain that counts: the page's numbers mean little without the noise. */
function bestLine(board: readonly Sprint[], metric: string): string {
  const best = board.findLast((sprint) => sprint.outcome === 'new-best');
  const value = best?.verdict?.metrics[metric];
  if (!best || value === undefined) return '<p>No verified gain yet.</p>';
  const { noise, noiseFrom } = board.at(-1) as Sprint;
  const from = noiseFrom ? ` (${escaped(noiseFrom)})` : '';
  return `<p>Best: ${label(metric)} <strong>${number(value)}</strong>, sprint ${best.number} (${escaped(clip(best.title, 90))}). All numbers are verified by the judge. A gain counts if it is larger than the noise of ${number(noise)}${from}.</p>`;
}

/** One line for each sprint, the newest first. */
function table(board: readonly Sprint[], metric: string, task: Task, reportsDir: string): string {
  const best = board.findLast((sprint) => sprint.outcome === 'new-best');
  const columns = [...new Set([metric, ...task.contract.also])]
    .filter((name) => board.some((sprint) => sprint.verdict?.metrics[name] !== undefined))
    .slice(0, 5);
  const shownColumns = columns.map((name) => {
    const values = board.map((sprint) => sprint.verdict?.metrics[name]);
    return { name, format: numberFormat(name, values) };
  });
  const right = ' class="right"';
  const head = `<tr><th${right}>#</th><th>Sprint</th><th>Outcome</th>${columns.map((name) => `<th${right}>${escaped(label(name))}</th>`).join('')}<th${right}>Training</th><th${right}>Cost</th><th>Report</th></tr>`;
  const rows = board.toReversed().map((sprint) => {
    const { words, tone } = outcomes[sprint.outcome];
    const links = ['html', 'pdf', 'md']
      .filter((form) => existsSync(join(reportsDir, `${sprint.id}.${form}`)))
      .map((form) => `<a href="${escaped(encodeURIComponent(`${sprint.id}.${form}`))}">${form}</a>`);
    const numbers = shownColumns.map(({ name, format }) => {
      const shown = format(sprint.verdict?.metrics[name]);
      return `<td${right}>${sprint === best && name === metric ? `<strong>${shown}</strong>` : shown}</td>`;
    });
    return `<tr${sprint === best ? ' class="best"' : ''}><td${right}>${sprint.number}</td><td>${escaped(clip(sprint.title, 120))}${remarks(sprint, board)}</td><td><span class="badge ${tone}">${escaped(words.replace(/:.*/, ''))}</span></td>${numbers.join('')}<td${right}>${duration(sprint.cost.trainSeconds)}</td><td${right}>${money(sprint.cost.usd)}</td><td class="nowrap">${links.join(' ')}</td></tr>`;
  });
  return `<div class="scroll"><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** What a reader should know of a candidate before its numbers. */
function remarks(sprint: Sprint, board: readonly Sprint[]): string {
  return remarksOn(sprint, board)
    .map((remark) => `<br><small>${escaped(remark)}</small>`)
    .join('');
}

import type { PlainProfile } from '#contract/noise';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import { clip, label, number } from '../document/names.ts';
import {
  type Block,
  type Caption,
  em,
  heading,
  type Inline,
  para,
  type Report,
  strong,
  text,
  theirs,
} from '../document/tree.ts';
import { fileFinder } from '../markdown/files.ts';
import { imageReader } from '../markdown/images.ts';
import { parseMarkdown, plainText } from '../markdown/parse.ts';
import { curvesPlot } from '../plots/curves.ts';
import { frontierPlot } from '../plots/frontier.ts';
import { progressPlot } from '../plots/progress.ts';
import type { Plot } from '../plots/theme.ts';
import { plot } from '../plots/vega.ts';
import { confirmedTable, gainWords, inFullBlock, spreadWords } from './confirmed.ts';
import { type Context, columnsOf, Numbering } from './context.ts';
import { diffBlock } from './diff.ts';
import { againstBest, cards, claimedAndVerified, edge, facts, outcomes, titleBlock } from './head.ts';
import { notesBlocks } from './notes.ts';
import { badEnds, provenance, resultsTable } from './results.ts';
import { measured, runNames } from './runs.ts';
import { saidBlocks } from './said.ts';
import type { SprintSource } from './source.ts';
import { splitLog } from './split.ts';

/**
 * Composes the whole report of one sprint as a tree. `sprints` may include other leaderboards, which are
 * ignored. With `simple`, the researcher's Markdown is taken as plain text and nothing is drawn: this is for
 * a retry after reading or drawing crashed the renderer.
 */
export async function composeReport(
  source: SprintSource,
  sprints: readonly Sprint[],
  task: Task,
  profile: PlainProfile | null,
  simple = false,
): Promise<Report> {
  const { sprint } = source;
  const others = sprints.filter(
    (s) => s.leaderboard === sprint.leaderboard && s.number <= sprint.number && s.id !== sprint.id,
  );
  const history = [...others, sprint].sort((a, b) => a.number - b.number);
  const context: Context = { sprint, history, task, profile, number: new Numbering() };
  const [images, files] = [imageReader(source.dir), fileFinder(source.dir)];
  const read = async (markdown: string, whole: string | null = null): Promise<Block[]> =>
    simple ? plainText(markdown) : parseMarkdown(markdown, images, { files, whole });
  const { readme } = source;
  const { asked, log } = splitLog(
    readme === null ? await read(sprint.idea) : await read(readme, `sprints/${sprint.id}/README.md`),
  );

  const blocks: Block[] = [titleBlock(context), cards(context)];
  blocks.push({
    t: 'callout',
    label: 'In short',
    tone: outcomes[sprint.outcome].tone,
    c: inShort(context),
  });
  if (sprint.summary.trim()) blocks.push(theirs(await read(sprint.summary)));
  blocks.push(facts(context));
  add(blocks, claimedAndVerified(context));
  add(blocks, confirmedTable(context));
  add(blocks, inFullBlock(sprint));
  blocks.push(heading(1, 'What we asked'), theirs(asked));
  blocks.push(heading(1, 'Results'));
  if (sprint.runs.length === 0) blocks.push(para(text('No run was started in this sprint.')));
  else blocks.push(resultsTable(context), ...badEnds(context));
  if (!simple) blocks.push(...(await figures(context)));
  blocks.push(...(await standing(context, simple)));
  if (sprint.next?.trim()) blocks.push(heading(1, 'Next steps'), theirs(await read(sprint.next)));
  if (log.some((block) => block.t !== 'heading'))
    blocks.push(heading(1, 'The researcher’s log'), theirs(log));
  blocks.push(...notesBlocks(sprint, history));
  blocks.push(...saidBlocks(sprint));
  const diff = source.patch === null ? null : diffBlock(source.patch);
  if (diff && diff.files.length > 0) {
    const fate = sprint.change.kept ? 'It is kept in the workspace.' : 'It was undone after this sprint.';
    blocks.push(heading(1, 'The change'), para(text(fate)), diff);
  }
  const made = provenance(context);
  if (made) blocks.push(heading(1, 'Provenance'), made);
  return {
    title: `Sprint ${sprint.number}: ${sprint.title}`,
    left: `Sprint ${sprint.number}: ${clip(sprint.title, 70)}`,
    right: `${sprint.openedAt.slice(0, 10)} · profile ${sprint.profile} · ${sprint.researcher.label}`,
    date: sprint.closedAt,
    foot: task.contract.title,
    blocks,
  };
}

/** The judge's number and the outcome. No word of the researcher's stands in this box. */
function inShort({ sprint }: Context): Inline[] {
  const { words } = outcomes[sprint.outcome];
  const value = sprint.verdict?.metrics[sprint.metric];
  if (value === undefined) return [strong('No number is verified'), text(`: ${words}.`)];
  const { confirmed, metric } = sprint;
  if (!confirmed || confirmed.candidate.n === 0)
    return [
      strong(`Verified ${label(metric)} ${number(value)}`),
      text(`, ${againstBest(sprint, value)}: ${words}.`),
    ];
  return [
    strong(`${label(metric)} ${spreadWords(confirmed.candidate, metric)} on secret worlds`),
    text(`, ${gainWords(confirmed)}: ${words}. In the public world ${number(value)} (verified).`),
  ];
}

function add(blocks: Block[], block: Block | null): void {
  if (block) blocks.push(block);
}

async function figures(context: Context): Promise<Block[]> {
  const { sprint, history, profile } = context;
  const { plots } = context.task.contract;
  const blocks: Block[] = [];
  const curves = await draw(curvesPlot(sprint.runs, runNames(sprint), sprint.metric, plots.curves));
  if (curves) {
    blocks.push(
      figure(
        curves,
        'Training curves',
        context.number.figure(
          text(
            `Training curves over training samples: the numbers that the trainer logged, and ${label(sprint.metric)} that the judge measured on snapshots.`,
          ),
        ),
      ),
    );
  }
  const [metric = context.sprint.metric, second] = columnsOf(context);
  const runs = sprint.runs.map((run) => ({
    metrics: measured(run).metrics,
    role: run.id === sprint.candidate ? ('candidate' as const) : ('other run of this sprint' as const),
  }));
  const before = sprint.bestBefore;
  const earlier = history
    .filter((other) => other.id !== sprint.id)
    .flatMap((other) =>
      other.runs.flatMap((run) => (run.verdict && run.id !== before?.run ? [run.verdict] : [])),
    )
    .map(({ metrics }) => ({ metrics, role: 'earlier sprints' as const }));
  const all = before
    ? [...earlier, ...runs, { metrics: before.metrics, role: 'best before' as const }]
    : [...earlier, ...runs];
  const { against } = plots;
  const shown = second ? [metric, second] : [metric];
  const frontier = against ? await draw(frontierPlot(all, profile, shown, against)) : null;
  if (against && frontier) {
    const beside = label(against.field);
    const dashed = profile?.ceiling ? ` Dashed: ${profile.ceiling.label}.` : '';
    blocks.push(
      figure(
        frontier,
        `Metrics against ${beside}`,
        context.number.figure(
          text(
            `${label(metric)}${second ? ` and ${label(second)}` : ''} against ${beside}${profile?.baselines.length ? ', with the published baselines of the profile behind our runs' : ''}.${dashed}`,
          ),
        ),
      ),
    );
  }
  return blocks;
}

/** The state of the leaderboard after this sprint, and the task's caveat about its results. */
async function standing(context: Context, simple: boolean): Promise<Block[]> {
  const { sprint, history, profile, task } = context;
  const caveat = task.contract.caveat ? [text(' '), em(task.contract.caveat)] : [];
  const blocks = [heading(1, 'Where the project stands'), para(text(standingWords(context)), ...caveat)];
  const progress = simple ? null : await draw(progressPlot(history, sprint.metric, profile?.ceiling ?? null));
  if (progress) {
    const caption = text('The leaderboard over sprints. Dots are single runs; the line is the best so far.');
    blocks.push(figure(progress, 'Progress over sprints', context.number.figure(caption)));
  }
  return blocks;
}

function standingWords({ sprint, history, profile }: Context): string {
  const gains = history.filter((s) => s.outcome === 'new-best');
  const best = gains.at(-1);
  const value = best?.verdict?.metrics[sprint.metric];
  const confirmed = best?.confirmed && spreadWords(best.confirmed.candidate, sprint.metric);
  if (!best || value === undefined) return 'No sprint of this leaderboard has a verified gain yet.';
  const gap = profile?.ceiling
    ? `, ${number(Math.abs(profile.ceiling.value - value))} from the ${edge(sprint)} of ${profile.ceiling.value} (${profile.ceiling.label})`
    : '';
  const so =
    history.length === 1
      ? '1 sprint'
      : `${history.length} sprints, ${gains.length} of them with a verified gain`;
  return `After ${so}, the best is ${label(sprint.metric)} ${number(value)}${confirmed === undefined ? '' : ` (${confirmed} on secret worlds)`} of sprint ${best.number}${gap}.`;
}

type Drawn = { kind: 'plot'; panels: string[]; legend: Plot['legend'] } | { why: string };

/** A plot that cannot be drawn costs itself, not the report. */
async function draw(drawn: Plot | null): Promise<Drawn | null> {
  if (drawn === null) return null;
  try {
    const panels: string[] = [];
    for (const spec of drawn.panels) panels.push(await plot(spec));
    return { kind: 'plot', panels, legend: drawn.legend };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function figure(drawn: Drawn, alt: string, caption: Caption): Block {
  if ('why' in drawn) return { t: 'missing', what: alt, why: drawn.why };
  return { t: 'figure', picture: drawn, alt, caption };
}

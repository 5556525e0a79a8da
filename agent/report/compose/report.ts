import type { PlainProfile } from '#contract/noise';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import { worldWords } from '../../common/worlds.ts';
import { clip, label, number } from '../document/names.ts';
import { type Block, em, heading, para, type Report, text, theirs } from '../document/tree.ts';
import { fileFinder } from '../markdown/files.ts';
import { imageReader } from '../markdown/images.ts';
import { parseMarkdown, plainText } from '../markdown/parse.ts';
import { cards, edge } from './cards.ts';
import { claimedAndVerified } from './claims.ts';
import { checkedBlock, confirmedTable, inFullBlock, spreadWords } from './confirmed.ts';
import { type Context, Numbering } from './context.ts';
import { diffBlock } from './diff.ts';
import { facts, rulesFacts } from './facts.ts';
import { curvesFigure, frontierFigure, gainFigure, groupsFigure, progressFigure } from './figures.ts';
import { hintReasons } from './hints.ts';
import { notesBlocks } from './notes.ts';
import { groupTables, verdictTables } from './parts.ts';
import { badEnds, provenance, resultsTable } from './results.ts';
import { saidBlocks } from './said.ts';
import { allSettings, changedSettings } from './settings.ts';
import { inShort } from './short.ts';
import type { SprintSource } from './source.ts';
import { splitLog } from './split.ts';
import { titleBlock } from './title.ts';

/** What is known beside the record of a sprint, and how much is done with it. */
interface Beside {
  /** The branch that it is committed on, where that is known. */
  branch?: string | null;
  /**
   * Take the researcher's Markdown as plain text and draw nothing: for a retry after reading or drawing
   * crashed the renderer.
   */
  simple?: boolean;
}

/**
 * Composes the whole report of one sprint as a tree, in the order in which a reader asks: what was tried, did
 * it work and why, then what it rests on. `sprints` may include other leaderboards, which are ignored.
 */
export async function composeReport(
  source: SprintSource,
  sprints: readonly Sprint[],
  task: Task,
  profile: PlainProfile | null,
  { branch = null, simple = false }: Beside = {},
): Promise<Report> {
  const { sprint } = source;
  const others = sprints.filter(
    (s) => s.leaderboard === sprint.leaderboard && s.number <= sprint.number && s.id !== sprint.id,
  );
  const history = [...others, sprint].sort((a, b) => a.number - b.number);
  const context: Context = { sprint, history, task, profile, branch, number: new Numbering() };
  const [images, files] = [imageReader(source.dir), fileFinder(source.dir)];
  const read = async (markdown: string, whole: string): Promise<Block[]> =>
    simple ? plainText(markdown) : parseMarkdown(markdown, images, { files, whole: `${folder}/${whole}` });
  const folder = `sprints/${sprint.id}`;
  const drawn = (figure: (context: Context) => Promise<Block[]>) => (simple ? [] : figure(context));
  const { readme } = source;
  const { asked, log } = splitLog(
    readme === null ? await read(sprint.idea, 'sprint.json') : await read(readme, 'README.md'),
  );

  const blocks: Block[] = [titleBlock(context), inShort(context), cards(context)];
  blocks.push(...(await drawn(gainFigure)));
  add(blocks, claimedAndVerified(context));
  if (sprint.summary.trim()) blocks.push(theirs(await read(sprint.summary, 'sprint.json')));
  blocks.push(facts(context));
  add(blocks, hintReasons(sprint));
  blocks.push(...changedSettings(context));
  blocks.push(heading(1, 'What we asked'), theirs(asked));
  blocks.push(heading(1, 'Results'));
  if (sprint.runs.length === 0) blocks.push(para(text('No run was started in this sprint.')));
  else blocks.push(resultsTable(context), ...badEnds(context));
  blocks.push(...(await drawn(curvesFigure)), ...(await drawn(frontierFigure)));
  add(blocks, confirmedTable(context));
  add(blocks, checkedBlock(sprint));
  add(blocks, inFullBlock(sprint));
  const parts = [...(await drawn(groupsFigure)), ...groupTables(context), ...verdictTables(context)];
  if (parts.length > 0) blocks.push(heading(1, 'Where it gains, and where it fails'), ...parts);
  blocks.push(...(await standing(context, simple)));
  if (sprint.next?.trim())
    blocks.push(heading(1, 'Next steps'), theirs(await read(sprint.next, 'sprint.json')));
  if (log.some((block) => block.t !== 'heading'))
    blocks.push(heading(1, 'The researcher’s log'), theirs(log));
  blocks.push(...notesBlocks(sprint, history));
  blocks.push(...saidBlocks(sprint));
  const diff = source.patch === null ? null : diffBlock(source.patch, `${folder}/change.patch`);
  if (diff && diff.files.length > 0) {
    const fate = sprint.change.kept ? 'It is kept in the workspace.' : 'It was undone after this sprint.';
    blocks.push(heading(1, 'The change'), para(text(fate)), diff);
  }
  blocks.push(...allSettings(context), heading(1, 'Provenance'), rulesFacts(context));
  add(blocks, provenance(context));
  return {
    title: `Sprint ${sprint.number}: ${sprint.title}`,
    left: `Sprint ${sprint.number}: ${clip(sprint.title, 70)}`,
    right: `${sprint.openedAt.slice(0, 10)} · profile ${sprint.profile} · ${sprint.researcher.label}`,
    date: sprint.closedAt,
    foot: task.contract.title,
    blocks,
  };
}

function add(blocks: Block[], block: Block | null): void {
  if (block) blocks.push(block);
}

/** The state of the leaderboard after this sprint, and the task's caveat about its results. */
async function standing(context: Context, simple: boolean): Promise<Block[]> {
  const { task } = context;
  const caveat = task.contract.caveat ? [text(' '), em(task.contract.caveat)] : [];
  const blocks = [heading(1, 'Where the project stands'), para(text(standingWords(context)), ...caveat)];
  return simple ? blocks : [...blocks, ...(await progressFigure(context))];
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
  return `After ${so}, the best is ${label(sprint.metric)} ${number(value)}${confirmed === undefined ? '' : ` (${confirmed} on ${worldWords(best.verdict).secrets})`} of sprint ${best.number}${gap}.`;
}

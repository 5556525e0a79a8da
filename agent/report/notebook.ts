import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import type { BeganFrom } from '#contract/began-from';
import type { Note } from '#contract/note';
import type { Sprint } from '#contract/sprint';
import { guardsOf, type Task } from '#contract/task';
import { readBeganFrom } from '../ledger/began-from.ts';
import { type HintFate, hintFates } from '../ledger/hint-fates.ts';
import { taskOf } from '../ledger/kept-contract.ts';
import { notebookOf } from '../ledger/notes.ts';
import type { KnownRun } from '../ledger/rows.ts';
import { escaped } from './document/escaped.ts';
import { duration, money } from './document/names.ts';
import { boardPart } from './notebook/board.ts';
import { byHandPart } from './notebook/by-hand.ts';
import { sprintTable } from './notebook/cells.ts';
import { packedDetail } from './notebook/detail.ts';
import { type Places, sprintLinks } from './notebook/files.ts';
import { hintsPart } from './notebook/hints.ts';
import { plainView, shownRows } from './notebook/list.ts';
import { type LiveState, livePart } from './notebook/live.ts';
import type { Board, Commit, NotebookIndex } from './notebook/model.ts';
import type { Now, Stopped } from './notebook/morning.ts';
import { notesPart } from './notebook/notes.ts';
import { packed } from './notebook/pack.ts';
import { type Beside, boardsOf, indexOf } from './notebook/rows.ts';
import { script } from './notebook/script.ts';
import { block } from './write/html.ts';
import { page } from './write/page.ts';

export type { LiveState } from './notebook/live.ts';

export interface NotebookRequest extends Places {
  sprints: readonly Sprint[];
  live: LiveState | null;
  /** Why the last loop ended; absent where it runs, or none has run here. */
  stopped?: Stopped | null;
  task: Task;
  /** The names of sprints in the plot, by id, where they are not their titles. */
  titles?: ReadonlyMap<string, string>;
  /** The name of the page, where it is not that of the loop. */
  file?: string;
  /** What run branches of these sprints began with; absent: read beside the sprints. */
  began?: readonly BeganFrom[];
  /** What became of the hints of people; where nothing is given, as the records tell. */
  hints?: readonly HintFate[];
  /** Notes of open sprints. */
  notes?: readonly Note[];
  /** Runs of this checkout that belong to no sprint. */
  byHand?: readonly KnownRun[];
  /** The commits of the sprints, as far as they are known. */
  commits?: ReadonlyMap<string, Commit>;
}

/** Seconds after which an open browser reloads the page while a loop runs. */
const REFRESH = 15;

const css = readFileSync(new URL('./notebook/notebook.css', import.meta.url), 'utf8');

/**
 * Redraws the lab notebook, `<reportsDir>/index.html`: where a morning begins. For each leaderboard it says
 * how far, by which ideas and how sure, and lists its sprints and runs, which its script sorts, filters and
 * compares. It is one file that opens from disk. Returns its path.
 */
export async function renderNotebook(request: NotebookRequest): Promise<string> {
  const { sprints, live, reportsDir, task } = request;
  const besides = new Map(sprints.map((sprint) => [sprint, besideOf(sprint, request)]));
  const beside = (sprint: Sprint): Beside => besides.get(sprint) ?? { commit: null, links: [] };
  const index = indexOf(sprints, task, beside);
  const now: Now = {
    task,
    running: live !== null,
    stopped: request.stopped ?? null,
    branchOf: (sprint) => beside(sprint).commit?.branch ?? null,
    began: request.began ?? ownBeginning(request),
    hints: hintsPart(request.hints ?? hintFates(sprints)),
    reportOf: (sprint) => beside(sprint).links[0]?.href ?? null,
  };
  const parts = [header(sprints, task)];
  if (live) parts.push(livePart(live));
  if (sprints.length === 0) parts.push('<p>No sprint is closed yet.</p>');
  const data = [holder('index', packed(index))];
  let special = '';
  for (const [at, board] of boardsOf(sprints).entries()) {
    const rules = rulesOf(board.at(-1) as Sprint, request);
    const hints = at === 0 ? now.hints : null;
    parts.push(await boardPart(board, index, { ...now, task: rules.task, hints }, request.titles));
    // What a person sets holds for all lists, and stands above the first.
    if (at === 0) parts.push('<div id="tools" hidden></div><div id="compare" hidden></div>');
    parts.push(listPart(index, index.boards[at] as Board));
    for (const [before, sprint] of board.entries()) {
      const earlier = board.slice(0, before);
      const detail = await packedDetail(sprint, { guards: rules.guards, earlier }, request, beside(sprint));
      data.push(holder(`sprint:${sprint.id}`, detail.pack));
      special += detail.special;
    }
  }
  parts.push(notesPart(notebookOf(sprints, request.notes), sprints, now.reportOf));
  const byHand = byHandPart(request.byHand ?? [], task.contract);
  if (byHand !== null) parts.push(byHand);
  parts.push('<div id="tray" class="tray"></div>');
  const path = join(reportsDir, request.file ?? 'index.html');
  writeFileAtomic(
    path,
    await page({
      title: `Lab notebook: ${task.contract.title}`,
      body: parts.join('\n'),
      program: {
        ...{ css, script, data: data.join('\n') },
        letters: `${ASCII}${special}${script}`,
        refresh: live ? REFRESH : null,
      },
    }),
  );
  return path;
}

/** What the run branch of the sprints began with: of a folder of sprints alone, it is that of all of them. */
function ownBeginning({ sprintsDir }: NotebookRequest): BeganFrom[] {
  const began = sprintsDir === undefined ? null : readBeganFrom(sprintsDir);
  return began ? [began] : [];
}

const ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');

/** An element that holds data: a browser neither shows nor runs it. */
const holder = (id: string, pack: string) =>
  `<script type="application/gzip" id="${escaped(id)}">${pack}</script>`;

/** The rules of a sprint: those that were committed with its leaderboard, where TASK.md has changed since. */
function rulesOf(sprint: Sprint, { task: now, sprintsDir }: NotebookRequest) {
  const task = sprintsDir === undefined ? now : taskOf(sprint, now, sprintsDir);
  const { profiles } = task.contract;
  const profile = Object.hasOwn(profiles, sprint.profile) ? profiles[sprint.profile] : undefined;
  return { task, guards: profile ? guardsOf(task, profile) : {} };
}

const besideOf = ({ id }: Sprint, request: NotebookRequest): Beside => ({
  commit: request.commits?.get(id) ?? null,
  links: sprintLinks(request, id),
});

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

const listPart = ({ sprints }: NotebookIndex, board: Board): string =>
  `<div class="listing" data-board="${escaped(board.id)}">${sprintTable(board, shownRows(sprints, board, plainView), null)}</div>`;

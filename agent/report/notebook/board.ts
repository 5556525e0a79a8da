import type { Sprint } from '#contract/sprint';
import { escaped } from '../document/escaped.ts';
import { progressPlot } from '../plots/progress.ts';
import { WIDTH } from '../plots/theme.ts';
import { plot } from '../plots/vega.ts';
import { block } from '../write/html.ts';
import type { NotebookIndex } from './model.ts';
import { morning, type Now } from './morning.ts';

/** Of the plot on a screen and on a phone, where the words of the wide one could not be read. */
const WIDTHS = { wide: WIDTH, phone: 340 };

/** The first screen of a leaderboard, and its progress. */
export async function boardPart(
  board: readonly Sprint[],
  index: NotebookIndex,
  now: Now,
  titles: ReadonlyMap<string, string> | undefined,
): Promise<string> {
  const newest = board.at(-1) as Sprint;
  const { profiles } = now.task.contract;
  const profile = (Object.hasOwn(profiles, newest.profile) && profiles[newest.profile]) || null;
  const parts = [boardHeading(newest, index), morning(board, now)];
  const titleOf = (sprint: Sprint) => titles?.get(sprint.id) ?? sprint.title;
  for (const [screen, width] of Object.entries(WIDTHS)) {
    const drawn = progressPlot(board, newest.metric, profile?.ceiling ?? null, { width, titleOf });
    if (!drawn) continue;
    const panels = await Promise.all(drawn.panels.map((panel) => plot(panel)));
    const picture = { kind: 'plot' as const, panels, legend: drawn.legend };
    const figure = block({ t: 'figure', picture, alt: 'Progress over sprints', caption: null });
    parts.push(`<div class="progress ${screen}">${figure}</div>`);
  }
  return parts.join('\n');
}

/** Two leaderboards of one profile differ by their rules: then each has its own name beside it. */
function boardHeading({ profile, leaderboard }: Sprint, { boards }: NotebookIndex): string {
  const several = boards.filter((board) => board.profile === profile).length > 1;
  return `<h2>Profile ${escaped(profile)}${several ? ` <small>rules ${escaped(leaderboard)}</small>` : ''}</h2>`;
}

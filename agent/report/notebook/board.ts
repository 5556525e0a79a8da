import type { Sprint } from '#contract/sprint';
import { escaped } from '../document/escaped.ts';
import { pictureOf } from '../plots/picture.ts';
import { progressPlot } from '../plots/progress.ts';
import { block } from '../write/html.ts';
import type { NotebookIndex } from './model.ts';
import { morning, type Now } from './morning.ts';

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
  const picture = await pictureOf((width) =>
    progressPlot(board, newest.metric, profile?.ceiling ?? null, { width, titleOf }),
  );
  if (picture) {
    const figure = block({ t: 'figure', picture, alt: 'Progress over sprints', caption: null });
    parts.push(`<div class="progress">${figure}</div>`);
  }
  return parts.join('\n');
}

/** Two leaderboards of one profile differ by their rules: then each has its own name beside it. */
function boardHeading({ profile, leaderboard }: Sprint, { boards }: NotebookIndex): string {
  const several = boards.filter((board) => board.profile === profile).length > 1;
  return `<h2>Profile ${escaped(profile)}${several ? ` <small>rules ${escaped(leaderboard)}</small>` : ''}</h2>`;
}

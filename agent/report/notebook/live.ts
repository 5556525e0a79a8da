import type { HowFar, RunSpec } from '#contract/run';
import { pace } from '../../common/words.ts';
import { escaped } from '../document/escaped.ts';
import { clip, dateTime, money, samples } from '../document/names.ts';

/** A run under way. `waits`: why it stands in the queue of a cluster. */
export type LiveRun = Pick<RunSpec, 'experiment'> & { progress: HowFar | null; waits?: string };

/** The open sprint of a researcher. */
export interface LiveSprint {
  number: number;
  /** Null before it is claimed. */
  title: string | null;
  openedAt: string;
  /** Its stage in a few words: "training", "being judged". */
  doing: string;
  runs: LiveRun[];
}

/** What a running loop does now. Null while none runs: then the page does not reload itself. */
export interface LiveState {
  /** One for each researcher that has one; none between sprints. */
  sprints: LiveSprint[];
  /** What holds all of them: "waiting: overloaded until 03:12"; null where nothing does. */
  held: string | null;
  /** Whether it waits for `npm run resume`. */
  paused?: boolean;
  researcher: string;
  /** Spent by this loop, in USD. `usdLimit` is null where there is no limit. */
  usdSpent: number;
  usdLimit: number | null;
  startedAt: string;
}

/** What runs now: the open sprint with its runs, or where several researchers work one part for each. */
export function livePart(live: LiveState): string {
  const [one, another] = live.sprints;
  const limit = live.usdLimit === null ? '' : ` of ${money(live.usdLimit)}`;
  const title = another
    ? `${live.sprints.length} sprints side by side`
    : one
      ? titleOf(one)
      : 'Between sprints';
  const doing = live.held ?? (another ? null : (one?.doing ?? 'working'));
  const facts = [
    ...(doing === null ? [] : [escaped(doing)]),
    escaped(live.researcher),
    `${money(live.usdSpent)}${limit} spent`,
    `since ${dateTime(live.startedAt)}`,
  ];
  const badge = live.paused
    ? '<span class="badge warn">paused</span>'
    : '<span class="badge good">running</span>';
  const parts = another
    ? `<ul class="lanes">${live.sprints.map(lane).join('')}</ul>`
    : (one?.runs ?? []).map(runPart).join('');
  return `<section class="live"><p>${badge} <strong>${title}</strong></p><p>${facts.join(' · ')}</p>${parts}</section>`;
}

const titleOf = ({ number, title }: LiveSprint) =>
  `Sprint ${number}: ${escaped(clip(title ?? 'not claimed yet', 120))}`;

const lane = (sprint: LiveSprint) =>
  `<li><p><strong>${titleOf(sprint)}</strong></p><p>${escaped(sprint.doing)} · since ${dateTime(sprint.openedAt)}</p>${sprint.runs.map(runPart).join('')}</li>`;

function runPart({ experiment, progress, waits }: LiveRun): string {
  const name = escaped(experiment);
  if (waits !== undefined) return `<p>${name}: in the queue, ${escaped(waits)}</p>`;
  if (progress === null) return `<p>${name}: starting</p>`;
  const { samples: done, totalSamples } = progress;
  const share = totalSamples > 0 ? Math.min(1, done / totalSamples) : 0;
  return `<div class="bar"><i style="width:${(share * 100).toFixed(1)}%"></i></div><p>${name}: ${samples(done)} of ${samples(totalSamples)} samples · ${pace(progress)}</p>`;
}

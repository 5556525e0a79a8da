import type { HowFar, RunSpec } from '#contract/run';
import { pace } from '../../common/words.ts';
import { escaped } from '../document/escaped.ts';
import { clip, dateTime, money, samples } from '../document/names.ts';

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

/** What runs now. */
export function livePart(live: LiveState): string {
  const limit = live.usdLimit === null ? '' : ` of ${money(live.usdLimit)}`;
  const title = live.sprint
    ? `Sprint ${live.sprint.number}: ${escaped(clip(live.sprint.title, 120))}`
    : 'Between sprints';
  const run = live.run;
  const share = run && run.totalSamples > 0 ? Math.min(1, run.samples / run.totalSamples) : 0;
  const bar = run
    ? `<div class="bar"><i style="width:${(share * 100).toFixed(1)}%"></i></div><p>${escaped(run.experiment)}: ${samples(run.samples)} of ${samples(run.totalSamples)} samples · ${pace(run)}</p>`
    : '';
  return `<section class="live"><p>${live.paused ? '<span class="badge warn">paused</span>' : '<span class="badge good">running</span>'} <strong>${title}</strong></p><p>${escaped(live.doing)} · ${escaped(live.researcher)} · ${money(live.usdSpent)}${limit} spent · since ${dateTime(live.startedAt)}</p>${bar}</section>`;
}

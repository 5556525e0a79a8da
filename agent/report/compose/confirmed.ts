import type { Confirmed, Several } from '#contract/confirmed';
import type { Sprint } from '#contract/sprint';
import { capital, lostWords } from '../../common/words.ts';
import { type WorldWords, worldWords } from '../../common/worlds.ts';
import { lacksCheck, NOT_MEASURED_AGAIN } from '../../ledger/checked.ts';
import { count, label, metricNumber, number, samples, signed, size } from '../document/names.ts';
import { type Block, type Card, type Row, strong, text } from '../document/tree.ts';
import { type Context, columnsOf } from './context.ts';

/** "0.8845 ± 0.0080": a mean over secret worlds with its deviation. */
export function spreadWords({ mean, deviation }: Several, name: string): string {
  const spread = deviation[name];
  return `${metricNumber(name, mean[name])}${spread === undefined ? '' : ` ± ${metricNumber(name, spread)}`}`;
}

/**
 * How the mean gain compares with the one that was needed; for the first best, on how many worlds it stands.
 * A gain from which something was taken off is called that: the means that stand beside it differ by more.
 */
export function gainWords({ candidate, gain, best }: Confirmed, { metric, goal, verdict }: Decides): string {
  const { secret, secrets } = worldWords(verdict);
  const on = `${candidate.n} ${candidate.n === 1 ? secret : secrets}`;
  if (!gain) return on;
  const [mine, theirs] = [candidate.mean[metric], best?.mean[metric]];
  const apart = mine === undefined || theirs === undefined ? gain.mean : way(goal) * (mine - theirs);
  const less =
    signed(apart) === signed(gain.mean) ? '' : ` after losses (difference of the means ${signed(apart)})`;
  return `${signed(gain.mean)} ± ${number(gain.error)} to the best on ${on}${less}, ${number(gain.needed)} needed`;
}

type Decides = Pick<Sprint, 'metric' | 'goal' | 'verdict'>;
const way = (goal: Sprint['goal']) => (goal === 'max' ? 1 : -1);

/** The card of what secret worlds gave; null where nothing was confirmed there. */
export function confirmedCard(sprint: Sprint): Card | null {
  const { confirmed, metric, verdict } = sprint;
  if (!confirmed || confirmed.candidate.n === 0) return null;
  return {
    label: `${label(metric)} on ${worldWords(verdict).secrets}`,
    value: spreadWords(confirmed.candidate, metric),
    note: gainWords(confirmed, sprint),
    main: true,
  };
}

/**
 * The means of candidate and best on secret worlds, and on each of them once the key is published; null where
 * nothing was confirmed.
 */
export function confirmedTable(context: Context): Block | null {
  const { sprint } = context;
  const { confirmed, metric, goal } = sprint;
  if (!confirmed || confirmed.candidate.n === 0) return null;
  const [, second] = columnsOf(context);
  const others = second !== undefined && confirmed.candidate.mean[second] !== undefined ? [second] : [];
  const cells = (candidate: Record<string, number>, best: Record<string, number> | null) => {
    const gain = best && (candidate[metric] ?? Number.NaN) - (best[metric] ?? Number.NaN);
    return [
      metricNumber(metric, candidate[metric]),
      best ? metricNumber(metric, best[metric]) : '–',
      gain === null ? '–' : signed(way(goal) * gain),
      ...others.flatMap((name) => [
        metricNumber(name, candidate[name]),
        best ? metricNumber(name, best[name]) : '–',
      ]),
    ];
  };
  const rows: Row[] = confirmed.pairs.map(({ draw, world, candidate, best }) => ({
    tone: 'plain',
    cells: [`${draw} (${world.slice(0, 8)})`, ...cells(candidate, best)].map((cell) => [text(cell)]),
  }));
  const mean = cells(confirmed.candidate.mean, confirmed.best?.mean ?? null);
  rows.push({ tone: 'best', cells: ['Mean', ...mean].map((cell) => [strong(cell)]) });
  const head = [
    ...[
      capital(worldWords(sprint.verdict).secret),
      `${label(metric)} of the candidate`,
      'of the best',
      'Difference',
    ],
    ...others.flatMap((name) => [`${label(name)} of the candidate`, 'of the best']),
  ];
  return {
    t: 'table',
    head: head.map((name) => [text(name)]),
    align: head.map((_, at) => (at === 0 ? 'left' : 'right')),
    rows,
    caption: context.number.table(text(captionWords(confirmed, worldWords(sprint.verdict)))),
    omitted: null,
  };
}

/** The best in full on one secret world; null where that was not measured. */
export function inFullBlock({ inFull, metric, verdict }: Sprint): Block | null {
  if (!inFull) return null;
  const { known, secret } = worldWords(verdict);
  const value = inFull.metrics[metric];
  const gave =
    value === undefined ? 'came to no result' : `gave ${label(metric)} ${metricNumber(metric, value)}`;
  const beside = metricNumber(metric, verdict?.metrics[metric]);
  return {
    t: 'para',
    c: [
      strong('In full. '),
      text(
        `At the end of the night the candidate was trained to its full budget (${samples(inFull.samples)} samples) on ${secret} ${inFull.draw}, and ${gave} there; on ${known} it has ${beside} (verified).`,
      ),
    ],
  };
}

/** What the last best of a night gave at its end, or that this is not known; null for other sprints. */
export function checkedBlock(sprint: Sprint): Block | null {
  const { checked, verdict } = sprint;
  if (lacksCheck(sprint))
    return {
      t: 'para',
      c: [
        strong('Measured again. '),
        text(
          `This best was ${NOT_MEASURED_AGAIN} so far: the end of a night does that with the best that it ends with, where time and the share of confirming allow it.`,
        ),
      ],
    };
  if (!checked) return null;
  const { holds, reason, takenBack } = checked;
  const after = takenBack ? ' Its change is taken out of the workspace.' : '';
  const back = holds ? '' : ` The best before it is the best again.${after}`;
  return {
    t: 'para',
    c: [
      strong('Measured again. '),
      text(
        `At the end of the night the candidate was trained again on ${worldWords(verdict).secrets}. It ${holds ? 'holds' : 'does not hold'}: ${reason}.${back} The confirmed numbers are those of all these runs together.`,
      ),
    ],
  };
}

/** What the best gave where it was trained again on worlds that it is known on. */
function againWords(again: Confirmed['again']): string {
  if (!again) return '';
  const off =
    again.less > 0 ? `, so ${number(again.less)} is taken off each gain on a world that is new to it` : '';
  const times = again.n === 1 ? 'once' : `${again.n} times`;
  return ` Trained again ${times} on the same worlds and seeds, the best ${lostWords(again.loss, size)} in the mean${off}.`;
}

function captionWords(confirmed: Confirmed, { secret, secrets, rows: judged }: WorldWords): string {
  const { best, samples: trained, rows, nth, key, gain, pairs, candidate, again } = confirmed;
  const both = best ? 'Candidate and best, trained' : 'The candidate, trained';
  const bound = gain
    ? ` The gain that decides, which is the mean difference less what the best or the candidate has lost since it was confirmed, was ${signed(gain.mean)} ± ${number(gain.error)} (standard error); confirming number ${nth} of this key needs ${number(gain.needed)}.`
    : '';
  const hidden =
    pairs.length === 0
      ? ` The numbers of each of the ${candidate.n} are secret until the key is published.`
      : '';
  return `${both} afresh (${samples(trained)} samples) on ${secrets}, which the researcher cannot know, and judged there on ${count(rows)} ${judged}, each pair on one ${secret} and one seed.${bound}${againWords(again)}${hidden} The ${secrets} are drawn from the key with the SHA-256 ${key.slice(0, 16)}….`;
}

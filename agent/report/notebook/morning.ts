import type { BeganFrom } from '#contract/began-from';
import type { Sprint } from '#contract/sprint';
import type { Task } from '#contract/task';
import { capital, lostWords } from '../../common/words.ts';
import { rowsOf, worldWords } from '../../common/worlds.ts';
import { lastAgain } from '../../ledger/best-again.ts';
import { lacksCheck, NOT_MEASURED_AGAIN } from '../../ledger/checked.ts';
import { gainWords, spreadWords } from '../compose/confirmed.ts';
import { escaped } from '../document/escaped.ts';
import { clip, duration, label, money, number, samples, signed, size } from '../document/names.ts';
import { beganPart, type Night, nightsOf, ofEachNight } from './branches.ts';
import { seedsOf, stepsOf } from './evidence.ts';

/** Ideas that are named; the list below has all. */
const MOST_IDEAS = 6;

/** Why the last loop ended, and when. */
export interface Stopped {
  reason: string;
  at: string;
}

/** What the first screen is made of besides the sprints of a leaderboard. */
export interface Now {
  task: Task;
  running: boolean;
  stopped: Stopped | null;
  /** The run branch that has a sprint, where that is known. */
  branchOf: (sprint: Sprint) => string | null;
  /** What the run branches began with. */
  began: readonly BeganFrom[];
  /** What became of the hints of people, as HTML; null where there are none, and on a second board. */
  hints: string | null;
  /** Where the report of a sprint lies; null where there is none. */
  reportOf: (sprint: Sprint) => string | null;
}

/**
 * What a person wants to know first of a leaderboard, a line each: how far, by which ideas, how sure, at what
 * cost, why it stopped, what next.
 */
export function morning(board: readonly Sprint[], now: Now): string {
  const nights = nightsOf(board, now.branchOf);
  const lines: [string, string | null][] = [
    ['How far', howFar(board, now)],
    ['Began from', beganHere(board, now, nights)],
    ['By which ideas', ideas(board, now)],
    ['How sure', howSure(board)],
    ['At what cost', cost(board)],
    ['Why it stopped', now.running ? null : whyStopped(board, now, nights)],
    ['What next', next(board, now, nights)],
    ['Hints', now.hints],
  ];
  const shown = lines.flatMap(([name, html]) => (html === null ? [] : `<dt>${name}</dt><dd>${html}</dd>`));
  return `<dl class="facts morning">${shown.join('')}</dl>`;
}

function howFar(board: readonly Sprint[], { task }: Now): string {
  const { metric, goal, profile: name } = board.at(-1) as Sprint;
  const steps = stepsOf(board);
  const [first, last] = [steps[0], steps.at(-1)];
  const counted = `${board.length} ${board.length === 1 ? 'sprint' : 'sprints'}${outcomesIn(board)}`;
  if (!first || !last) return `No verified gain yet, in ${counted}.`;
  const from =
    first === last
      ? ', the first of this leaderboard'
      : `, from ${number(first.value)} at first: ${signed(last.value - first.value)}`;
  const { profiles } = task.contract;
  const ceiling = Object.hasOwn(profiles, name) ? profiles[name]?.ceiling : null;
  const gap = ceiling ? (ceiling.value - last.value) * (goal === 'max' ? 1 : -1) : 0;
  const left = ceiling
    ? ` ${gap >= 0 ? `${number(gap)} are left to` : `It is ${number(-gap)} beyond`} the ${goal === 'max' ? 'ceiling' : 'floor'} of ${ceiling.value}, ${escaped(ceiling.label)}.`
    : '';
  const value = `<strong class="best-value">${number(last.value)}</strong>`;
  const { confirmed, verdict } = last.sprint;
  const { known, secrets } = worldWords(verdict);
  const headline =
    confirmed && confirmed.candidate.n > 0
      ? `<strong class="best-value">${spreadWords(confirmed.candidate, metric)}</strong> on ${secrets} (confirmed); ${number(last.value)} on ${known}`
      : value;
  return `${escaped(label(metric))} ${headline}${from}, in ${counted}.${left}`;
}

function outcomesIn(board: readonly Sprint[]): string {
  const gains = stepsOf(board).length;
  const held = board.filter(({ outcome }) => outcome === 'held').length;
  const stacked = board.filter(({ outcome }) => outcome === 'stacked').length;
  const parts = [
    gains > 0 ? `${gains} with a gain` : '',
    stacked > 0 ? `${stacked} stacked` : '',
    held > 0 ? `${held} held` : '',
  ].filter(Boolean);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

/** The sprints that gained, the largest gains where there are many, in the order in which they came. */
function ideas(board: readonly Sprint[], { reportOf }: Now): string | null {
  const steps = stepsOf(board);
  if (steps.length === 0) return null;
  const weight = (gain: number | null) => (gain === null ? Number.POSITIVE_INFINITY : Math.abs(gain));
  const largest = new Set(steps.toSorted((a, b) => weight(b.gain) - weight(a.gain)).slice(0, MOST_IDEAS));
  const items = steps
    .filter((step) => largest.has(step))
    .map(({ sprint, value, gain }) => {
      const title = escaped(clip(sprint.title, 80));
      const href = reportOf(sprint);
      const linked = href === null ? title : `<a href="${escaped(href)}">${title}</a>`;
      return `<li value="${sprint.number}">${linked} <span class="nowrap">${gain === null ? `first, ${number(value)}` : signed(gain)}</span></li>`;
    });
  const more =
    steps.length > largest.size ? `<li class="more">${steps.length - largest.size} smaller gains</li>` : '';
  return `<ol class="ideas">${items.join('')}${more}</ol>`;
}

function howSure(board: readonly Sprint[]): string | null {
  const step = stepsOf(board).at(-1);
  if (!step) return null;
  const { verdict, repeat, candidate, metric, confirmed, checked, inFull } = step.sprint;
  const { noise, noiseFrom } = board.at(-1) as Sprint;
  const parts: string[] = [];
  const worlds = worldWords(verdict);
  const isConfirmed = confirmed !== undefined && confirmed.candidate.n > 0;
  if (confirmed && isConfirmed)
    parts.push(
      `${escaped(label(metric))} ${spreadWords(confirmed.candidate, metric)} on ${worlds.secrets} (${gainWords(confirmed, step.sprint)}).`,
    );
  const again = lastAgain(step.sprint, board);
  if (again)
    parts.push(
      `Trained again on the same worlds and seeds, it ${lostWords(again.loss, size)} in the mean of ${again.n}.`,
    );
  if (checked)
    parts.push('Measured again at the end of the night, it holds: all these runs are in the mean.');
  if (lacksCheck(step.sprint)) parts.push(`It was ${NOT_MEASURED_AGAIN} at the end of a night.`);
  for (const remark of verdict?.remarks ?? []) parts.push(`${escaped(capital(remark))}.`);
  const inOne = inFull?.metrics[metric];
  if (inOne !== undefined) parts.push(`Trained in full on a further one: ${number(inOne)}.`);
  const from = noiseFrom ? ` (${escaped(noiseFrom)})` : '';
  const times = step.gain === null || noise === 0 ? null : Math.abs(step.gain) / noise;
  parts.push(
    times === null
      ? `A gain counts beyond the noise of ${number(noise)}${from}.`
      : `The last gain is ${times.toFixed(1)} times the noise of ${number(noise)}${from}.`,
  );
  const seeds = seedsOf(step.sprint, board);
  if (seeds)
    parts.push(`${seeds.n} seeds of the best: mean ${number(seeds.mean)}, spread ${number(seeds.spread)}.`);
  else parts.push('One seed of the best.');
  if (repeat)
    parts.push(`The gain was near the noise, and repeated on seed ${repeat.seed}: the means decided.`);
  if (verdict)
    parts.push(
      `Verified on ${rowsOf(verdict)}${verdict.world.kind === 'rows' ? '' : ` of ${worlds.known}`}${candidate && !isConfirmed ? `, not confirmed on ${worlds.secrets}; <code>npm run reproduce -- ${escaped(candidate)}</code> trains it again on another seed, and on a ${worlds.secret} where the task has one` : ''}.`,
    );
  return parts.join(' ');
}

function cost(board: readonly Sprint[]): string {
  const sum = (of: (sprint: Sprint) => number) => board.reduce((all, sprint) => all + of(sprint), 0);
  const usd = sum(({ cost }) => cost.usd);
  const gains = stepsOf(board).length;
  const tokens = sum(({ cost }) => cost.inputTokens + cost.outputTokens);
  const seconds = sum(({ cost }) => cost.confirmSeconds ?? 0);
  const confirming = seconds > 0 ? ` ${duration(seconds)} of confirming,` : '';
  const each = gains > 1 && usd > 0 ? `, ${money(usd / gains)} a gain` : '';
  return `<strong>${money(usd)}</strong>${each}; ${duration(sum((s) => s.cost.trainSeconds))} of training, ${duration(sum((s) => s.cost.judgeSeconds))} of waiting for verdicts,${confirming} ${duration(sum((s) => s.cost.wallSeconds))} in all; ${samples(tokens)} tokens.`;
}

/** What the branches on this leaderboard began with. */
function beganHere(
  board: readonly Sprint[],
  { began, branchOf }: Now,
  nights: readonly Night[],
): string | null {
  const branches = new Set(board.map(branchOf));
  const here = began.filter(({ branch }) => nights.length === 0 || branches.has(branch));
  return beganPart(here, board.at(-1) as Sprint, nights.length > 0);
}

function whyStopped(board: readonly Sprint[], { stopped }: Now, nights: readonly Night[]): string {
  const ended = (sprints: readonly Sprint[]) => {
    const { number: last, stopReason } = sprints.at(-1) as Sprint;
    return `Sprint ${last}: ${escaped(clip(stopReason, 300))}.`;
  };
  const loop = stopped ? `The loop: ${escaped(clip(stopped.reason, 300))}. ` : '';
  return loop + (ofEachNight(nights, ({ sprints }) => ended(sprints)) ?? ended(board));
}

/** The researcher's plan, marked as its words, and what is ours to say: gains that wait for a person. */
function next(board: readonly Sprint[], { running }: Now, nights: readonly Night[]): string | null {
  const parts: string[] = [];
  for (const { number: at, reason } of board.filter(({ outcome }) => outcome === 'held').slice(-3))
    parts.push(`<p>Sprint ${at} is held: ${escaped(clip(reason, 300))}.</p>`);
  const plan = (sprints: readonly Sprint[]) => {
    const planned = sprints.findLast(({ next }) => next !== null && next.trim() !== '');
    return planned?.next
      ? `<span class="whose">The researcher, after sprint ${planned.number}:</span> ${escaped(clip(planned.next.trim(), 600))}`
      : null;
  };
  const own = plan(board);
  const plans = ofEachNight(nights, ({ sprints }) => plan(sprints));
  if (plans !== null) parts.push(plans);
  else if (own !== null) parts.push(`<p class="plan">${own}</p>`);
  if (!running)
    parts.push(
      nights.length > 0
        ? '<p><code>npm run loop</code> continues the last of them; <code>npm run loop -- --new --start &lt;branch&gt;</code> begins a night from the best of one.</p>'
        : '<p><code>npm run loop</code> continues from here.</p>',
    );
  return parts.length > 0 ? parts.join('') : null;
}

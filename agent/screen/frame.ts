import { clock, zone } from '../common/clock.ts';
import { count, duration, many, plain, show, sprintsMade } from '../common/words.ts';
import { openSprints } from '../journal/state.ts';
import { within, wrap } from './columns.ts';
import { judging } from './confirming.ts';
import { runLines, shortRunLines } from './run-lines.ts';
import type { Watched } from './watcher.ts';

/** A line of a frame. */
export interface Line {
  text: string;
  style: 'bold' | 'dim' | 'plain';
}

export interface Size {
  columns: number;
  rows: number;
}

const NEVER = 'No loop was started in this checkout yet. Start one with: npm run loop';
const plainly = (texts: readonly string[]) => texts.map((text): Line => ({ text, style: 'plain' }));

const LABEL = 10;
const VERDICTS = 4;
/** Below this a verdict has two lines. */
const NARROW = 70;

/**
 * What a watcher shows, in lines that fit into a terminal: what the loop does, the run with its bar and
 * curves, money and time, the last verdicts, and the end of the loop's console in the rows that are left.
 */
export function frameOf(watched: Watched, { columns, rows }: Size, now = Date.now()): Line[] {
  const { state, said } = watched;
  if (!state.started) return plainly(wrap(NEVER, columns, 3));
  const lines = [
    ...head(watched, columns, now),
    ...plainly(['']),
    ...sprintLines(watched, columns, now),
    ...field('Call', callOf(watched, now), columns, 2),
    ...runsPart(watched, columns),
    ...field('Money', moneyOf(watched), columns, 2),
    ...field('Time', timeOf(watched, now), columns, 3),
    ...field('Best', bestLine(watched), columns, 2),
    ...verdicts(watched, columns),
  ].slice(0, rows);
  const left = rows - lines.length - 1;
  if (left < 1 || said.length === 0) return lines;
  const end = said.filter((text) => text.trim() !== '').slice(-left);
  const rule: Line = { text: '─'.repeat(columns), style: 'dim' };
  return [...lines, rule, ...end.map((text): Line => ({ text: within(text, columns), style: 'dim' }))];
}

function head({ contract, state, alive, paused }: Watched, columns: number, now: number): Line[] {
  const { started, stopped, waiting } = state;
  const doing = !alive
    ? stopped
      ? `ended at ${clock(stopped.at)}: ${plain(stopped.reason)}`
      : 'cut off; "npm run loop" continues it'
    : paused
      ? `paused since ${clock(paused)} ("npm run resume")`
      : waiting && Date.parse(waiting.until) > now
        ? `waiting until ${clock(waiting.until)}: ${plain(waiting.reason)}`
        : 'running';
  const { branch, profile, researcher, sandbox } = started as NonNullable<typeof started>;
  const of = [branch, `profile ${profile}`, researcher, `sandbox ${sandbox}`].map(plain).join(' · ');
  return [
    { text: within(plain(contract.title), columns), style: 'bold' },
    ...plainly(wrap(doing, columns, 2)),
    ...wrap(of, columns, 2).map((text): Line => ({ text, style: 'dim' })),
  ];
}

/** A label and its text, which goes on below itself. */
function field(label: string, text: string | null, columns: number, most: number): Line[] {
  if (text === null) return [];
  const lines = wrap(text, columns - LABEL, most);
  return plainly(lines.map((line, at) => `${(at === 0 ? label : '').padEnd(LABEL)}${line}`));
}

const ago = (time: string, now: number) => duration(Math.max(0, (now - Date.parse(time)) / 1000));

type Open = ReturnType<typeof openSprints>[number];

/** A line for the open sprint; where several researchers work, one for each, with what it does. */
function sprintLines(watched: Watched, columns: number, now: number): Line[] {
  const { state } = watched;
  const open = openSprints(state);
  if (open.length === 0) return field('Sprint', 'none is open', columns, 2);
  if (open.length === 1) return open.flatMap((one) => field('Sprint', sprintOf(one, now), columns, 2));
  return open.flatMap((one) => {
    const thinks = one.researcherId in state.calls ? ', thinking' : '';
    const doing = one.closed
      ? ', being reported'
      : one.finished
        ? `, ${judging(watched.confirming, one, watched.contract)}`
        : thinks;
    return field('Sprint', `${sprintOf(one, now)}${doing}`, columns, 1);
  });
}

function sprintOf({ number, claim, openedAt, cost, capped }: Open, now: number): string {
  const title = plain(claim?.title ?? 'not claimed yet');
  const money = cost.usd > 0 ? `, ${cost.usd.toFixed(2)} USD` : '';
  const asked = capped ? `; asked to finish: ${plain(capped.reason)}` : '';
  return `${number}: ${title} (${ago(openedAt, now)}, ${count(cost.turns, 'turn')}${money})${asked}`;
}

function callOf(watched: Watched, now: number): string | null {
  const { state, alive, call, actedAt } = watched;
  const { lastAction } = state;
  const [sprint, another] = openSprints(state);
  if (!sprint || another || !alive) return null;
  if (sprint.closed) return 'the sprint is being reported and committed';
  if (sprint.finished) return `the sprint is ${judging(watched.confirming, sprint, watched.contract)}`;
  if (call) return `${call.searching ? 'searching the web' : 'thinking'}, ${ago(call.since, now)}`;
  if (lastAction === null || actedAt === null) return 'none is under way';
  return `none is under way; last action: ${plain(lastAction)}, ${ago(actedAt, now)} ago`;
}

/** One run in full; of several each in short, with the number of its researcher's sprint. */
function runsPart({ state, runs, contract }: Watched, columns: number): Line[] {
  const text = columns - LABEL;
  const labelled = (lines: readonly string[]) =>
    plainly(lines.map((line, at) => `${(at === 0 ? 'Run' : '').padEnd(LABEL)}${line}`));
  const open = openSprints(state);
  const shown = runs.map((run) => ({
    ...{ run, state: state.runs[run.id] ?? null, contract },
    sprint: open.find(({ researcherId }) => researcherId === run.researcherId)?.number,
  }));
  const [one, another] = shown;
  return one && !another
    ? labelled(runLines(one, text))
    : shown.flatMap((of) => labelled(shortRunLines(of, text)));
}

/** Money and tokens; nothing of money where calls cost nothing. */
function moneyOf({ state }: Watched): string {
  const { usd, held, tokens, started } = state;
  const limits = started?.limits;
  const most = typeof limits?.usd === 'number' ? ` of ${limits.usd}` : '';
  const reserved =
    held.usd >= 0.005 ? ` (and ${held.usd.toFixed(2)} reserved for calls that were cut off)` : '';
  const spent = usd > 0 ? `${usd.toFixed(2)}${most} USD${reserved}` : 'nothing spent';
  const limit = typeof limits?.tokens === 'number' ? ` of ${many(limits.tokens)}` : '';
  return `${spent} · ${many(tokens)}${limit} tokens`;
}

function timeOf({ state, alive, workedSeconds }: Watched, now: number): string {
  const limits = state.started?.limits;
  // The time of a run is booked at its end.
  const under = alive
    ? Object.values(state.runs)
        .filter(({ waits }) => waits === undefined)
        .map(({ startedAt }) => (now - Date.parse(startedAt)) / 1000)
    : [];
  const trained = `${duration(under.reduce((sum, seconds) => sum + seconds, state.trainSeconds))}${typeof limits?.trainHours === 'number' ? ` of ${limits.trainHours} h` : ''} of training`;
  const sprints = sprintsMade(state.committed.length, limits?.sprints);
  const left = limits ? (Date.parse(limits.until) - now) / 1000 : 0;
  const end =
    limits && alive
      ? ` · ${left > 0 ? `ends at ${clock(limits.until)} (${zone(limits.until)}), in ${duration(left)}` : 'the time is up'}`
      : '';
  return `${sprints} in ${duration(workedSeconds)} · ${trained}${end}`;
}

function bestLine({ best, contract }: Watched): string {
  if (!best) return 'none yet';
  const names = [contract.metric, ...contract.also].filter((name) => best.metrics[name] !== undefined);
  const numbers = names.slice(0, 4).map((name) => `${plain(name)} ${show(best.metrics[name])}`);
  const confirmed =
    best.confirmed === null ? '' : ` · confirmed ${plain(contract.metric)} ${show(best.confirmed)}`;
  return `${numbers.join(', ')}${confirmed} · sprint ${best.number}: ${plain(best.title)}`;
}

/** The last sprints of this loop, the newest first. */
function verdicts({ state: { committed } }: Watched, columns: number): Line[] {
  const last = committed.slice(-VERDICTS).toReversed();
  const rows = columns < NARROW ? 2 : 1;
  return last.flatMap(({ sprint, outcome, reason }, at) => {
    const slug = plain(sprint.replace(/^\d{4}-\d\d-\d\d--\d\d-\d\d-/, ''));
    const name = columns < NARROW ? outcome : outcome.padEnd(11);
    return field(at === 0 ? 'Verdicts' : '', `${name} ${slug}: ${plain(reason)}`, columns, rows);
  });
}

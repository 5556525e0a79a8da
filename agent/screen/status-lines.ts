import { clock, zone } from '../common/clock.ts';
import { count, duration, many, pace, plain, show, sprintsMade } from '../common/words.ts';
import { hintsLine } from './hints.ts';
import type { Status } from './status.ts';

/**
 * The lines of `npm run status`: the state of the loop, what it does now, what is used of the limits, and
 * its results so far.
 */
export function statusLines(s: Status, shown: readonly string[] | null, now = Date.now()): string[] {
  if (s.loop === 'never started')
    return [
      'No loop was started in this checkout yet. Start one with: npm run loop',
      ...fromSprints(s),
      ...bestLine(s, shown),
    ];
  return [...head(s, now), ...present(s, now), ...used(s, now), ...outcome(s, shown)];
}

function head(s: Status, now: number): string[] {
  const since = s.startedAt && s.loop === 'running' ? `, since ${clock(s.startedAt)}` : '';
  const ended = s.stopped
    ? `: ${plain(s.stopped.reason)} (exit code ${s.stopped.exitCode}, ${clock(s.stopped.at)})`
    : '';
  const lines = [
    `Loop: ${s.loop}${s.pid === null ? '' : ` (process ${s.pid}${since})`}${ended}`,
    `${s.branch} · profile ${s.profile} · ${s.researcher} · sandbox ${s.sandbox} · times in ${zone(new Date(now))}`,
  ];
  if (s.loop === 'cut off') lines.push('It was cut off; "npm run loop" continues it.');
  if (s.paused)
    lines.push(
      `Paused since ${clock(s.paused)}: no call is made and no run is started until "npm run resume"`,
    );
  if (s.waiting && Date.parse(s.waiting.until) > now)
    lines.push(`Waiting until ${clock(s.waiting.until)}: ${plain(s.waiting.reason)}`);
  return lines;
}

function present(s: Status, now: number): string[] {
  const lines: string[] = [];
  const ago = (time: string) => duration(Math.max(0, (now - Date.parse(time)) / 1000));
  for (const { number, title, openedAt, turns, usd, capped, phase } of s.sprints) {
    const money = usd > 0 ? `, ${usd.toFixed(2)} USD` : '';
    const doing = phase === 'judging' ? ': being judged' : phase === 'closing' ? ': being reported' : '';
    lines.push(
      `Sprint ${number}: ${plain(title ?? 'not claimed yet')} (${ago(openedAt)}, ${count(turns, 'turn')}${money})${doing}`,
    );
    if (capped) lines.push(`  asked to finish: ${plain(capped)}`);
  }
  for (const { id, progress, waits } of s.runs) {
    const done = progress ? Math.min(100, Math.round((100 * progress.samples) / progress.totalSamples)) : 0;
    const rest = progress
      ? `${done}% of ${many(progress.totalSamples)} samples · ${pace(progress)}`
      : 'starting';
    lines.push(`Run ${plain(id)}: ${waits === undefined ? rest : `in the queue: ${plain(waits)}`}`);
  }
  if (s.lastAction && s.loop === 'running')
    lines.push(
      `Last action: ${plain(s.lastAction)}${s.lastEventAt ? ` (last event ${ago(s.lastEventAt)} ago)` : ''}`,
    );
  return lines;
}

/**
 * `Used: 2 of 5 sprints · 3.10 of 50 USD · 812k tokens · 1.2 h of training · 5 h 3 min of running time · ends
 * at 07:30, in 3 h 2 min`.
 */
function used(s: Status, now: number): string[] {
  const { limits } = s;
  const of = (limit: number | null | undefined, text: (n: number) => string) =>
    typeof limit === 'number' ? ` of ${text(limit)}` : '';
  const parts = [
    sprintsMade(s.committed.length, limits?.sprints),
    // Where calls cost nothing, a money limit means nothing.
    s.usd > 0 ? `${s.usd.toFixed(2)}${of(limits?.usd, String)} USD${held(s)}` : '',
    `${many(s.tokens)}${of(limits?.tokens, many)} tokens`,
    `${duration(s.trainSeconds)}${of(limits?.trainHours, (h) => `${h} h`)} of training`,
    `${duration(s.workedSeconds)} of running time`,
  ];
  if (limits && s.loop === 'running') {
    const left = (Date.parse(limits.until) - now) / 1000;
    parts.push(left > 0 ? `ends at ${clock(limits.until)}, in ${duration(left)}` : 'the time is up');
  }
  return [`Used: ${parts.filter((part) => part !== '').join(' · ')}`];
}

/** The money that cut calls may have cost beyond what is booked for them. */
const held = ({ heldUsd }: Status) =>
  heldUsd >= 0.005 ? ` (and ${heldUsd.toFixed(2)} reserved for calls that were cut off)` : '';

/** What a clone knows without the files of the loop: the sprints of its branch. */
function fromSprints({ closed }: Status): string[] {
  if (!closed) return [];
  const { id, outcome, profile } = closed.last;
  return [
    `${count(closed.sprints, 'closed sprint')} in sprints/, the last ${plain(id)} (profile ${profile}): ${outcome}`,
    'Their reports and tables: npm run report',
  ];
}

function outcome(s: Status, shown: readonly string[] | null): string[] {
  const lines = s.committed.map((c) => `  ${c.outcome.padEnd(11)} ${plain(c.sprint)}: ${plain(c.reason)}`);
  return [...lines, ...hintsLine(s.hints).map((line) => `Hints: ${line}`), ...bestLine(s, shown)];
}

function bestLine({ best }: Status, shown: readonly string[] | null): string[] {
  if (!best) return [];
  const fields = Object.entries(best.metrics).filter(([name]) => shown?.includes(name) ?? true);
  const numbers = fields.map(([name, value]) => `${name} ${show(value)}`).join(', ');
  return [`Best: ${numbers} (${best.sprint})`];
}

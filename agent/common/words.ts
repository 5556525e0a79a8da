import type { HowFar } from '#contract/run';
import { plain } from '#contract/text';

export { plain };

/** A number with four significant digits; empty for a missing number. */
export const show = (value: number | undefined): string =>
  value === undefined ? '' : String(Number(value.toPrecision(4)));

/**
 * What a loss comes to after "it": `lost 0.012`; below 0, `gained 0.003`. A verb takes no sign.
 * @param written how the number is written, as it stands in its document
 */
export function lostWords(loss: number, written: (value: number) => string = show): string {
  if (loss === 0) return 'lost nothing';
  return `${loss > 0 ? 'lost' : 'gained'} ${written(Math.abs(loss))}`;
}

/**
 * A number with three digits for the columns of a table, where trailing zeros stay: 0.620, 3.30, 166, 15400.
 * Snapshots have no more digits, and beside them a fourth would say nothing.
 */
export const inColumn = (value: number | undefined): string => {
  if (value === undefined) return '';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3);
};

/** A duration in words: 4.2 s, 42 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.round(seconds);
  if (whole < 60) return seconds < 9.95 ? `${seconds.toFixed(1)} s` : `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** The message of any thrown value. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A number in short form: 512k, 4.1M. */
export function many(n: number): string {
  if (n < 1e4) return String(Math.round(n));
  return n < 1e6 ? `${Number((n / 1e3).toPrecision(3))}k` : `${Number((n / 1e6).toPrecision(3))}M`;
}

/** `41k samples/s · 20 s left`; the speed of a first step alone would mislead, and is not shown. */
export const pace = ({ samplesPerSecond, etaSeconds }: Pick<HowFar, 'samplesPerSecond' | 'etaSeconds'>) =>
  etaSeconds === undefined
    ? 'time left not known yet'
    : `${many(samplesPerSecond)} samples/s · ${duration(etaSeconds)} left`;

/** A number with its noun: 1 sprint, 2 sprints. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** The first line of a text that is not blank, made printable by `plain`. */
export const firstLine = (text: string): string =>
  text
    .split(/[\n\r\u2028\u2029]/)
    .map(plain)
    .find((line) => line !== '') ?? '';

/**
 * At most `most` characters of a text. A text that is cut ends in an ellipsis, and no surrogate pair is
 * split.
 */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, Math.max(1, most - 1));
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** Words as the beginning of a sentence. */
export const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** `2 of 5 sprints`; `4 sprints (limit 1)` where a later start set a limit that was passed before. */
export function sprintsMade(made: number, limit: number | null | undefined): string {
  if (typeof limit !== 'number') return count(made, 'sprint');
  return made > limit ? `${count(made, 'sprint')} (limit ${limit})` : `${made} of ${count(limit, 'sprint')}`;
}

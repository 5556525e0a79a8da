/**
 * The display name of a metric: short names become initials (mse → MSE, r2 → R2), longer ones words
 * (held_out_loss → Held out loss).
 */
export function label(name: string): string {
  if (name.length <= 3 && !name.includes('_')) return name.toUpperCase();
  const words = name.replaceAll('_', ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Formats a measured number: three decimals below 2, fewer above; counts in full. */
export function number(value: number | undefined, whole = Number.isInteger(value) && value !== 1): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (whole) return count(value);
  if (size > 0 && size < 0.0005) return value.toExponential(1).replace('e-', 'e−');
  return minus(value.toFixed(size < 2 ? 3 : size < 100 ? 2 : 1));
}

/**
 * Whether a metric is a count, by its name (dead_units, n_parameters, steps): then 0 and 1 are whole
 * numbers, not shares.
 */
export const isCount = (name: string): boolean => /^(dead|n|num)_|(^|_)(samples|rows|steps)$/.test(name);

/** Formats a number of the metric `name`: 1 dead unit is "1", a precision of 1 is "1.000". */
export function metricNumber(name: string, value: number | undefined): string {
  return isCount(name) && Number.isInteger(value) ? number(value, true) : number(value);
}

/**
 * The number format of a metric's column: counts where all values are counts, else the same number of
 * decimals in all rows.
 */
export function numberFormat(
  name: string,
  values: readonly (number | undefined)[],
): (value: number | undefined) => string {
  if (isCount(name)) return (value) => metricNumber(name, value);
  const present = values.filter((value) => value !== undefined);
  const whole = present.every(Number.isInteger) && present.some((v) => v !== 1);
  const sizes = present.map(Math.abs);
  // With 2.11 above 1.375 a reader cannot see which digits to compare.
  const even = sizes.some((size) => size < 2) && sizes.some((size) => size >= 2) && Math.max(...sizes) < 10;
  return (value) =>
    even && value !== undefined && Number.isFinite(value) ? minus(value.toFixed(3)) : number(value, whole);
}

/** A signed difference: +0.007, −0.012; for a count: +1. A difference that rounds to zero is "unchanged". */
export function signed(value: number, name = ''): string {
  const counts = isCount(name) && Number.isInteger(value);
  if (Math.abs(value) < 5e-4) return 'unchanged';
  return `${value > 0 ? '+' : '−'}${counts ? count(Math.abs(value)) : number(Math.abs(value))}`;
}

/** A difference without its sign, for a verb that has it; one that rounds to zero is "less than 0.001". */
export const size = (value: number): string =>
  Math.abs(value) < 5e-4 ? 'less than 0.001' : number(Math.abs(value));

export function count(value: number): string {
  return minus(value.toLocaleString('en-US'));
}

/** Samples in short form: 950k, 1.2M, 200M. */
export function samples(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  if (value >= 1e4) return `${trim(value / 1e3)}k`;
  return count(value);
}

/** Seconds in words: 42 s, 12 min, 4.1 h. */
export function duration(seconds: number): string {
  if (seconds < 99.5) return `${seconds < 9.95 ? trim(seconds) : Math.round(seconds)} s`;
  if (seconds < 5_970) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function money(usd: number): string {
  return `$${usd > 0 && usd < 0.01 ? usd.toFixed(4) : usd.toFixed(2)}`;
}

/** 2026-02-18 21:40 UTC. */
export function dateTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function clip(value: string, length: number): string {
  const letters = [...value];
  return letters.length <= length
    ? value
    : `${letters
        .slice(0, length - 1)
        .join('')
        .trimEnd()}…`;
}

const trim = (value: number) => value.toFixed(1).replace(/\.0$/, '');
const minus = (value: string) => value.replace('-', '−');

import { z } from 'zod';

const pattern = /^(>=|<=|==|>|<)\s*(best)?\s*([+-])?\s*(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)?$/;

/**
 * A condition on one number of a verdict: an operator and a bound, absolute (">=0.95", "==128") or relative
 * to the present best (">=best-0.01").
 */
export const Condition = z.union([z.string(), z.number().transform((n) => `==${n}`)]).refine((text) => {
  const match = pattern.exec(text.trim());
  return (
    match !== null &&
    (match[2] !== undefined ? (match[3] === undefined) === (match[4] === undefined) : match[4] !== undefined)
  );
}, 'must be an operator and a number, like ">=0.95", or relative to the best, like ">=best-0.01"');
export type Condition = z.infer<typeof Condition>;

/**
 * Null where `value` meets the condition, else the value and what was asked, in words for a report. A
 * condition relative to the best holds when there is no best yet. A missing value never holds.
 */
export function violation(
  condition: Condition,
  value: number | undefined,
  best: number | undefined,
): string | null {
  const match = pattern.exec(condition.trim());
  if (!match) throw new Error(`unreadable condition ${JSON.stringify(condition)}`);
  const [, operator, relative, sign, amount] = match;
  const offset = amount === undefined ? 0 : Number(amount) * (sign === '-' ? -1 : 1);
  // Checked also where there is no best yet: a number that is always missing must not pass.
  if (value === undefined || Number.isNaN(value)) return `no value, ${condition} asked`;
  if (relative && best === undefined) return null;
  const bound = relative ? (best as number) + offset : offset;
  const slack = 1e-9 * Math.max(1, Math.abs(bound));
  const holds = {
    '>=': value >= bound - slack,
    '<=': value <= bound + slack,
    '==': Math.abs(value - bound) <= slack,
    '>': value > bound,
    '<': value < bound,
  }[operator as '>='];
  return holds ? null : `${short(value)} where ${condition}${relative ? ` (${short(bound)})` : ''} is asked`;
}

/** Whole numbers in full, other numbers with six significant digits. */
const short = (n: number) => (Number.isInteger(n) ? n : Number(n.toPrecision(6)));

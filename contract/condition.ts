import { z } from 'zod';

const pattern = /^(>=|<=|==|>|<)\s*(best\s+ever|best)?\s*([+-])?\s*(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)?$/;

const parts = (condition: string) => condition.split(/\s+and\s+/).map((part) => part.trim());

const isPart = (text: string): boolean => {
  const match = pattern.exec(text);
  return (
    match !== null &&
    (match[2] !== undefined ? (match[3] === undefined) === (match[4] === undefined) : match[4] !== undefined)
  );
};

/**
 * A condition on one number of a verdict: an operator and a bound, absolute (">=0.95", "==128"), relative to
 * the present best (">=best-0.01"), or to the best that any best so far had (">=best ever-0.01": the highest
 * for > and >=, else the lowest), which cannot sink. Several are joined by "and".
 */
export const Condition = z
  .union([z.string(), z.number().transform((n) => `==${n}`)])
  .refine(
    (text) => parts(text).every(isPart),
    'must be an operator and a number, like ">=0.95", or relative to the best, like ">=best-0.01" or ">=best ever-0.01"; several are joined by "and"',
  );
export type Condition = z.infer<typeof Condition>;

/**
 * Null where `value` meets the condition, else the value and what was asked, in words for a report. `bests`:
 * the numbers of the bests so far, the present one last. A condition relative to the best holds when there is
 * no best yet. A missing value never holds.
 */
export function violation(
  condition: Condition,
  value: number | undefined,
  bests: readonly number[],
): string | null {
  const broken = parts(condition).flatMap((part) => violationOf(part, value, bests) ?? []);
  return broken[0] ?? null;
}

function violationOf(condition: string, value: number | undefined, bests: readonly number[]): string | null {
  const match = pattern.exec(condition);
  if (!match) throw new Error(`unreadable condition ${JSON.stringify(condition)}`);
  const [, operator = '', relative, sign, amount] = match;
  const offset = amount === undefined ? 0 : Number(amount) * (sign === '-' ? -1 : 1);
  // Checked also where there is no best yet: a number that is always missing must not pass.
  if (value === undefined || Number.isNaN(value)) return `no value, ${condition} asked`;
  const best = relative?.endsWith('ever') ? strictest(operator, bests) : bests.at(-1);
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

/** The strictest of the numbers for an operator: the strictest for a lower bound, else the lowest. */
function strictest(operator: string, numbers: readonly number[]): number | undefined {
  if (numbers.length === 0) return undefined;
  return operator.startsWith('>') ? Math.max(...numbers) : Math.min(...numbers);
}

/** Whole numbers in full, other numbers with six significant digits. */
const short = (n: number) => (Number.isInteger(n) ? n : Number(n.toPrecision(6)));

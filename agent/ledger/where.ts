import { UserError } from '#contract/errors';
import type { Cell } from '../common/csv.ts';
import type { Row } from './rows.ts';

/** Whose number a bare name is: the first of these that the row has. */
const WORDS = ['verified_', 'confirmed_', 'measured_', 'claimed_', 'observed_', 'declared_', 'set_'];

/**
 * The value of a column of a row. A name without a word in front is the judge's number where there is one:
 * verified first, since that world is the same for all runs, then confirmed, measured, claimed; then what was
 * observed, declared or set.
 */
export function valueIn(row: Row, name: string): Cell {
  const has = (key: string) => Object.hasOwn(row, key) && row[key] !== null && row[key] !== undefined;
  const key = [name, ...WORDS.map((word) => word + name)].find(has);
  return key === undefined ? undefined : row[key];
}

const TERM = /^([\w.-]+?)(>=|<=|!=|==|=|>|<|~)(.*)$/s;

/**
 * The rows that meet every term of a condition such as `loss<.1 experiment=plain set~width=`: `=`, `!=`, `>`,
 * `<`, `>=`, `<=`, or `~` for a part of a text. A row that lacks the value meets `!=` alone.
 * @throws UserError for a term that is none or compares with no number, and for a name that no row has.
 */
export function filtered(rows: readonly Row[], where: string): Row[] {
  const terms = where.split(/\s+/).filter((text) => text !== '');
  const tests = terms.map((text) => {
    const [, name = '', operator = '', value = ''] = TERM.exec(text) ?? [];
    if (operator === '')
      throw new UserError(`--where: "${text}" is no term; write it like loss<.1 or experiment=name`);
    if (/[<>]/.test(operator) && !isNumber(value))
      throw new UserError(`--where: "${text}": ${operator} compares with a number, and "${value}" is none`);
    known(name, rows);
    return (row: Row) => meets(valueIn(row, name), operator, value);
  });
  return rows.filter((row) => tests.every((test) => test(row)));
}

/**
 * Rows sorted by a value, the smallest first; with `-` in front the largest first. What lacks the value is
 * last.
 * @throws UserError for a name that no row has.
 */
export function sorted(rows: readonly Row[], by: string): Row[] {
  const name = by.replace(/^-/, '');
  known(name, rows);
  const way = by.startsWith('-') ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [valueIn(one, name), valueIn(other, name)];
    if (a == null || b == null) return Number(a == null) - Number(b == null);
    if (typeof a === 'number' && typeof b === 'number') return way * (a - b);
    return way * (String(a) < String(b) ? -1 : Number(String(a) > String(b)));
  });
}

function known(name: string, rows: readonly Row[]): void {
  if (rows.length === 0) return;
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (keys.includes(name) || WORDS.some((word) => keys.includes(word + name))) return;
  throw new UserError(`no run has "${name}"; there are: ${keys.join(', ')}`);
}

const isNumber = (text: string): boolean => text.trim() !== '' && !Number.isNaN(Number(text));

function meets(value: Cell, operator: string, asked: string): boolean {
  if (value == null) return operator === '!=';
  const [a, b] = [Number(value), Number(asked)];
  const numbers = typeof value === 'number' && isNumber(asked);
  switch (operator) {
    case '~':
      return String(value).includes(asked);
    case '=':
    case '==':
      return numbers ? a === b : String(value) === asked;
    case '!=':
      return numbers ? a !== b : String(value) !== asked;
    case '>':
      return numbers && a > b;
    case '<':
      return numbers && a < b;
    case '>=':
      return numbers && a >= b;
    default:
      return numbers && a <= b;
  }
}

import { UserError } from '#contract/errors';
import type { Settings } from '#contract/run';
import { pairsOf } from '#contract/settings';
import { brokenConstraints } from '../task/contract-check.ts';
import { foretell, inWords, type Question, whyRefused } from '../task/foretell.ts';
import { eachValue, type Grid } from './grid.ts';

/** The most lines of one kind that are worth reading before a sweep. */
const LINES = 5;

/** One experiment with one combination of settings, and what is wrong with it. */
export interface Doubt {
  experiment: string;
  settings: Settings;
  /** `cannot count in profile small: learning_rate: ...`; null: nothing is wrong. */
  why: string | null;
}

/**
 * What is wrong with runs of a sweep before any is trained, a line each: settings that an experiment refuses,
 * and constraints that they break. Each value of the grid is tried once.
 * @throws UserError where every experiment refuses one
 */
export async function doubts(
  question: Omit<Question, 'settings' | 'experiment'>,
  members: readonly string[],
  grid: Grid,
): Promise<string[]> {
  const { task, profileName, samples } = question;
  const found: Doubt[] = [];
  for (const settings of eachValue(grid)) {
    const told = await foretell({ ...question, settings });
    const refused: string[] = [];
    for (const experiment of members) {
      const foretold = told?.find(({ name }) => name === experiment);
      const broken = inWords(brokenConstraints(task, profileName, { samples, ...foretold?.declares }));
      const why = broken && `cannot count in profile ${profileName}: ${broken}`;
      const no = foretold ? null : await whyRefused({ ...question, settings, experiment });
      if (no !== null) refused.push(no);
      found.push({ experiment, settings, why });
      if (no !== null) found.push({ experiment, settings, why: `is refused: ${no}` });
    }
    const [first] = refused;
    if (first !== undefined && refused.length === members.length) throw new UserError(first);
  }
  const lines = doubtLines(found);
  const more = lines.length - LINES;
  return more > 1 ? [...lines.slice(0, LINES), `... and ${more} more such lines`] : lines;
}

/**
 * A line for each experiment and thing that is wrong, with the settings that all of these combinations have
 * and no other has: of k=2,3 and lr=1,2, where lr=2 breaks a constraint, `lr=2`.
 */
export function doubtLines(found: readonly Doubt[]): string[] {
  const lines = found.flatMap(({ experiment, why }) => {
    if (why === null) return [];
    const own = found.filter((each) => each.experiment === experiment);
    const [first = [], ...others] = own.filter((each) => each.why === why).map(pairs);
    const common = first.filter((pair) => others.every((other) => other.includes(pair)));
    const elsewhere = new Set(own.filter((each) => each.why !== why).flatMap(pairs));
    const alone = common.filter((pair) => !elsewhere.has(pair));
    const set = (alone.length > 0 || others.length + 1 === own.length ? alone : common).join(' ');
    return [`${experiment}${set === '' ? '' : ` with ${set}`} ${why}`];
  });
  return [...new Set(lines)];
}

const pairs = ({ settings }: Doubt) => pairsOf(settings);

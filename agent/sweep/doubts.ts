import { UserError } from '#contract/errors';
import { pairsOf } from '#contract/settings';
import { brokenConstraints } from '../task/contract-check.ts';
import { foretell, inWords, type Question, whyRefused } from '../task/foretell.ts';
import { eachValue, type Grid } from './grid.ts';

/** The most lines of one kind that are worth reading before a sweep. */
const LINES = 5;

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
  const lines: string[] = [];
  for (const settings of eachValue(grid)) {
    const told = await foretell({ ...question, settings });
    const refused: string[] = [];
    for (const experiment of members) {
      const foretold = told?.find(({ name }) => name === experiment);
      const set = pairsOf(settings).join(' ');
      const name = set === '' ? experiment : `${experiment} with ${set}`;
      const broken = brokenConstraints(task, profileName, { samples, ...foretold?.declares });
      const why = inWords(broken);
      if (why !== null) lines.push(`${name} cannot count in profile ${profileName}: ${why}`);
      if (foretold) continue;
      const no = await whyRefused({ ...question, settings, experiment });
      if (no === null) continue;
      refused.push(no);
      lines.push(`${name} is refused: ${no}`);
    }
    const [first] = refused;
    if (first !== undefined && refused.length === members.length) throw new UserError(first);
  }
  const more = lines.length - LINES;
  return more > 1 ? [...lines.slice(0, LINES), `... and ${more} more such lines`] : lines;
}

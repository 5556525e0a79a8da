import { UserError } from '#contract/errors';
import type { Experiment } from '../task/experiments.ts';

/**
 * The experiments that names stand for: those themselves, and the members of sweeps, each once.
 * @throws UserError with the names there are
 */
export function chosen(
  names: readonly string[],
  known: readonly Experiment[],
): { members: string[]; description: string } {
  const sweeps = known.filter(({ members }) => members).map(({ name }) => name);
  const experiments = known.filter(({ members }) => !members).map(({ name }) => name);
  const unknown = names.find((name) => !known.some((each) => each.name === name));
  if (names.length === 0 || unknown !== undefined) {
    const problem =
      unknown === undefined ? 'which experiments or sweeps?' : `no experiment or sweep "${unknown}";`;
    throw new UserError(
      `${problem} sweeps: ${sweeps.join(', ') || 'none'}; experiments: ${experiments.join(', ')}`,
    );
  }
  const found = names.flatMap((name) => known.find((each) => each.name === name) ?? []);
  const members = [...new Set(found.flatMap((each) => each.members ?? [each.name]))];
  const description = found.map(({ name, description }) => description || name).join('; ');
  return { members, description };
}

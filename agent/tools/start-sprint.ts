import type { Answer, SprintFields } from '#contract/answer';
import { claimsOfOthers } from '../journal/state.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { alike } from '../requests/alike.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { StartSprintInput } from '../requests/schemas.ts';
import { answered } from './hint-answers.ts';

/**
 * Claims the sprint, and names the earlier ones with a similar idea. @throws ToolMistake, once, where another
 * researcher has an open sprint with a similar idea: before anything is spent on it.
 */
export function startSprint(sprint: OpenSprint, input: StartSprintInput): Answer {
  const { loop } = sprint;
  const similar = alike(input, loop.ledger.of(loop.config.leaderboard));
  const hintAnswers = answered(sprint, input.hints);
  refuseAlike(sprint, input);
  const id = sprint.start(input, hintAnswers);
  const seen = similar.map(
    (s) => `\nSprint ${s.number} (${s.id}) has a similar idea and ended as ${s.outcome}: ${s.reason}.`,
  );
  const warning =
    similar.length === 0
      ? ''
      : `${seen.join('')}\nRead it with read_results before you start, and write into your log what is different now.`;
  const fields: SprintFields = { sprint: id };
  const words = `Sprint ${sprint.number} is open. Its folder is sprints/${id}/; write your log into sprints/${id}/README.md.${warning}`;
  return { words, fields };
}

/**
 * Two calls at the same instant are answered one after the other: the second finds the claim of the first.
 */
function refuseAlike({ loop, claim, toldAlike }: OpenSprint, input: StartSprintInput): void {
  if (claim) return;
  const { state, researcherId } = loop.journal;
  const found = alike(input, claimsOfOthers(state(), researcherId)).filter(({ id }) => !toldAlike.has(id));
  if (found.length === 0) return;
  for (const { id } of found) toldAlike.add(id);
  const open = found.map((other) => `sprint ${other.number} of ${other.researcherId}, "${other.title}"`);
  throw new ToolMistake(
    `another researcher tests a similar idea at present: ${open.join('; ')}. Choose another idea; or, if yours is different, say in "idea" what is, and call start_sprint again`,
  );
}

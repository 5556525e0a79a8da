import type { Confirmed } from '#contract/confirmed';
import type { Sprint, SprintRun } from '#contract/sprint';
import type { Outcome } from '#contract/verdict';
import { confirm } from '../confirm/confirm.ts';
import type { SecretStore } from '../confirm/store.ts';
import type { Decision, Rules } from '../ledger/decide.ts';
import { beforeStack, MOST_STACKED, stackOf } from '../ledger/stack.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';

/** A verified gain: the candidate's run, the decision by its verdict, and what it was compared with. */
interface Gain {
  run: SprintRun;
  first: Decision;
  best: Sprint | undefined;
  rules: Rules;
}

/** The tree to which the workspace goes back, and how many stacked changes that takes out of it. */
export interface Back {
  tree: string;
  changes: number;
}

const OUTCOMES: Record<Confirmed['result'], Outcome> = {
  ...{ confirmed: 'new-best', small: 'stacked', behind: 'no-gain', failed: 'invalid', held: 'held' },
};

/**
 * Decides a verified gain by secret worlds. `held`: that was not possible now, so nothing is kept. `parked`:
 * the loop is asked to stop, and the next start goes on.
 */
export async function confirmedGain(
  { loop, claim, claimedRuns }: OpenSprint,
  secrets: SecretStore,
  { run, first, best, rules }: Gain,
): Promise<Decision & { confirmed?: Confirmed; parked?: boolean; back?: Back }> {
  const { started } = claimedRuns;
  const result = await confirm(loop, secrets, { sprint: claim?.id ?? null, run, best, rules, started });
  if (result.state === 'stopped') return { ...first, outcome: 'interrupted', parked: true };
  // A verdict that is too good to be true says that it is held until it is confirmed.
  const [verified] = first.reason.split('; held until');
  if (result.state === 'untried')
    return {
      outcome: 'held',
      reason: `${verified}; not confirmed on ${loop.config.task.contract.secret.many}, so it is held: ${result.reason}`,
    };
  const { confirmed } = result;
  const reason = `${verified}; ${confirmed.reason}`;
  const board = loop.ledger.of(loop.config.leaderboard);
  const { length } = stackOf(board);
  const open = confirmed.result === 'small' || confirmed.result === 'behind';
  if (!open || length < MOST_STACKED) return { outcome: OUTCOMES[confirmed.result], reason, confirmed };
  const tree = beforeStack(board);
  const what = tree === null ? 'so this one is not' : 'so they are taken back';
  return {
    ...{ outcome: 'no-gain', confirmed, reason: `${reason}; ${length} changes are stacked already, ${what}` },
    ...(tree !== null && { back: { tree, changes: length } }),
  };
}

import type { Pair } from '#contract/combining';
import type { Sprint } from '#contract/sprint';
import { committedTree } from '#host/tree';
import type { Config } from '../config/config.ts';
import type { SprintState } from '../journal/state.ts';
import { gainsInWords, gainsOver, sprintsOf } from '../ledger/combined.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { leftOut } from '../ledger/left-out.ts';
import type { Judged } from './judge.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'repo' | 'task' | 'profile' | 'leaderboard'>;
  ledger: Ledger;
}

type Opened = Pick<SprintState, 'openedAt' | 'treeBefore'>;

/** Who makes a sprint without a researcher, as records and reports name it. */
export const BY_LOOP = 'the loop itself';

/**
 * The workspace that goes on where a sprint changes nothing: the one that it began with, or that of the
 * branch where a sprint beside it has moved that on. So it is also after a crash, whoever works on then.
 */
export function presentTree(
  { config: { repo, task }, ledger }: LoopParts,
  { openedAt, treeBefore }: Opened,
): Promise<string> {
  const beside = ledger.sprints.some(
    ({ closedAt, checked }) => closedAt > openedAt || (checked && checked.at > openedAt),
  );
  if (!beside) return Promise.resolve(treeBefore);
  return committedTree({ repo, commit: 'HEAD', folder: task.contract.workspace });
}

/**
 * Takes care of a change that was made beside another one, which the workspace has got meanwhile and which is
 * not in this one. A new best takes the place of the other, which is combined with it later. What is no best
 * itself does not, since that could be the best's own change.
 */
export async function keptBeside(loop: LoopParts, judged: Judged, opened: Opened): Promise<Judged> {
  if (judged.keep === null) return judged;
  const now = await presentTree(loop, opened);
  if (now === opened.treeBefore || now === judged.keep || judged.outcome === 'new-best') return judged;
  const reason = `${judged.reason}; its change is not kept: it was made beside another one, which the workspace has got meanwhile and which it would take out`;
  const outcome = judged.outcome === 'stacked' ? 'no-gain' : judged.outcome;
  return { ...judged, outcome, reason, keep: null };
}

/**
 * The record of a sprint, before it is closed, with what there is to say of others that were made beside it:
 * the pairs that the loop puts together now, or, where it is such a pair, whether the two add up.
 */
export function toldBeside(loop: LoopParts, sprint: Sprint): Sprint {
  const board = loop.ledger.of(loop.config.leaderboard);
  const { combines } = sprint;
  const gains = combines && gainsOver(combines, sprint.verdict, board, sprint.noise);
  const told = [
    ...(gains ? [gainsInWords(combines, gains, board)] : []),
    ...queuedBy(loop, board, sprint).map((pair) => pairInWords(pair, [...board, sprint], sprint.id)),
  ];
  return {
    ...sprint,
    reason: [sprint.reason, ...told].join('; '),
    ...(gains && { combines: { ...combines, gains } }),
  };
}

/** The pairs that are to be put together since this sprint ended as it did. */
function queuedBy({ config }: LoopParts, board: readonly Sprint[], sprint: Sprint): Pair[] {
  const before = leftOut(board, config).map(({ left }) => left);
  return leftOut([...board, sprint], config).filter(({ left }) => !before.includes(left));
}

function pairInWords(pair: Pair, board: readonly Sprint[], ended: string): string {
  const of = sprintsOf(pair, board);
  return pair.left === ended
    ? `a gain over sprint ${of?.base.number}, which it began with, made beside sprint ${of?.best.number}: the loop is to combine the two`
    : `made beside sprint ${of?.left.number}, whose change it does not have: the loop is to combine the two`;
}

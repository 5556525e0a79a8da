import type { Confirmed } from '#contract/confirmed';
import type { Sprint } from '#contract/sprint';
import { printable } from '#contract/text';
import { committed } from '../common/paths.ts';
import type { Timer } from '../common/timer.ts';
import { capital, firstLine, messageOf, show } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import { commitOf, commitPaths, tagBest } from '../git/git.ts';
import type { Checkout } from '../git/run-branch.ts';
import type { Trunk } from '../git/trunk.ts';
import type { Journal } from '../journal/journal.ts';
import { severalWords } from '../ledger/tables.ts';
import { headline } from './close.ts';
import { keepContract } from './contract-file.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  checkout: Checkout;
  journal: Journal;
  timer: Timer;
  trunk: Trunk;
}

/**
 * Commits a sprint on the run branch: one commit with the workspace and the sprint folder. A new best moves
 * the tag `best/<profile>`.
 */
export async function commitSprint(loop: LoopParts, sprint: Sprint): Promise<string> {
  const {
    checkout: { git, branch },
    config: { task },
    journal,
    timer,
  } = loop;
  return timer.time('git', async () => {
    const paths = [task.contract.workspace, committed.sprint(sprint.id)];
    if (sprint.leaderboard === loop.config.leaderboard) paths.push(keepContract(loop));
    const subject = `Sprint ${sprint.number}: ${sprint.title} (${sprint.outcome})`;
    const by = sprint.combines ? 'of the loop itself' : 'in the words of the researcher';
    const body = `${quoted(`The idea, ${by}:`, sprint.idea)}\n\nThe outcome: ${sprint.reason}.`;
    // After a crash the commit may exist already, and only its event be missing.
    const commit =
      (await commitOf(git, committed.record(sprint.id))) ??
      (await commitPaths(git, paths, subject, body, trailers(sprint, loop)));
    await loop.trunk.land(git);
    if (sprint.outcome === 'new-best') {
      // The commit is what matters: a tag that cannot be moved does not end the night.
      await tagBest(git, sprint.profile, commit).catch((error: unknown) => {
        const text = `the tag best/${sprint.profile} could not be moved to ${commit.slice(0, 9)}: ${firstLine(messageOf(error))}`;
        journal.notice(text, 'warn');
      });
    }
    journal.emit({ type: 'sprint.committed', sprint: sprint.id, commit, branch: branch.name });
    return commit;
  });
}

/** A text of others under a label, each line marked: none can look like a trailer or a line of ours. */
const quoted = (label: string, text: string): string =>
  [label, ...printable(text).trim().split('\n')]
    .map((line, at) => (at === 0 ? line : `> ${line}`.trimEnd()))
    .join('\n');

/** `MSE: 0.8364`, `R2: 0.7541`: the deciding number and the first beside it, then how the sprint was made. */
function trailers(sprint: Sprint, { config: { task } }: LoopParts): Record<string, string> {
  const { metric, also } = task.contract;
  const numbers = Object.entries(headline(sprint, task))
    .filter(([name]) => name === metric || name === also[0])
    .map(([name, value]) => [trailerName(name), show(value)]);
  const { kind, label, model, models = [] } = sprint.researcher;
  return {
    ...Object.fromEntries(numbers),
    Verdict: sprint.outcome,
    ...(sprint.confirmed && {
      Confirmed: confirmedWords(sprint.confirmed, metric),
    }),
    ...(sprint.verdict?.from !== undefined && { 'Started-From': sprint.verdict.from }),
    'Cost-USD': sprint.cost.usd.toFixed(4),
    Researcher: kind === 'claude' ? `claude (${models.join(', ') || model})` : label,
    Sandbox: sprint.sandbox,
    Profile: sprint.profile,
    Leaderboard: sprint.leaderboard,
  };
}

/** What secret worlds gave, as a trailer has it: "confirmed, MSE 0.892 ± 0.0118 (n 6)". */
export const confirmedWords = ({ result, candidate }: Confirmed, metric: string): string =>
  `${result}, ${trailerName(metric)} ${severalWords(candidate, metric) || 'none'}`;

/** The name of a metric as a trailer: MSE, R2, Mean-error. */
export const trailerName = (name: string) =>
  name.length <= 4 ? name.toUpperCase() : capital(name.replaceAll(/[^A-Za-z0-9]+/g, '-'));

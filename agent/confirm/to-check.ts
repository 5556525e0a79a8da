import type { Confirmed } from '#contract/confirmed';
import { type RunSpec, specOf } from '#contract/run';
import type { Sprint } from '#contract/sprint';
import type { Config } from '../config/config.ts';
import { type Rules, rulesOf } from '../ledger/decide.ts';
import { bestOf, bestVerdicts, type Ledger } from '../ledger/ledger.ts';
import type { Pair } from './pairs.ts';
import { type OnSecretWorld, pairsOfSprints, type SecretStore } from './store.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  ledger: Ledger;
}

/** A best to measure again: its sprint and that of the best before it, their recipes, its worlds. */
export interface ToCheck {
  sprint: Sprint;
  confirmed: Confirmed;
  before: Sprint | null;
  specs: { best: RunSpec; before: RunSpec | null };
  like: Pick<OnSecretWorld, 'leaderboard' | 'rows'>;
  /** The pairs by which it was confirmed. */
  pairs: readonly Pair[];
  rules: Rules;
}

/**
 * The last best, where it was not measured again yet; also where a later candidate was confirmed against it,
 * or a candidate that is put forward to fail would spare it that. Null where there is none, and where its key
 * or its pairs are gone.
 */
export function toCheck({ config, ledger }: LoopParts, store: SecretStore): ToCheck | null {
  const { profile, task, leaderboard } = config;
  const sprint = bestOf(ledger.sprints, leaderboard);
  const { confirmed } = sprint ?? {};
  if (profile.confirm === false || !sprint || confirmed?.key !== store.of.hash || sprint.checked) return null;
  const before = ledger.sprints.find(({ id }) => id === confirmed.best?.sprint) ?? null;
  const specOfRun = (of: Sprint | null, id: string | null | undefined): RunSpec | null => {
    const run = of?.runs.find((one) => one.id === id);
    return run ? { ...specOf(run), samples: confirmed.samples } : null;
  };
  const specs = { best: specOfRun(sprint, sprint.candidate), before: specOfRun(before, confirmed.best?.run) };
  const pairs = (pairsOfSprints(store.of.folder)[sprint.id] ?? []).slice(0, confirmed.candidate.n);
  if (!specs.best || pairs.length === 0 || (confirmed.best && !specs.before)) return null;
  const bests = bestVerdicts(
    ledger.sprints.filter(({ id }) => id !== sprint.id),
    leaderboard,
  );
  return {
    ...{ sprint, confirmed, before, like: { leaderboard, rows: confirmed.rows } },
    ...{ specs: { ...specs, best: specs.best }, rules: rulesOf(task, profile, bests, sprint.verdict) },
    pairs: pairs.map((pair) => ({ ...pair, kept: pair.kept ?? false })),
  };
}

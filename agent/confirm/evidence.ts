import type { Confirmed } from '#contract/confirmed';
import type { RunSpec } from '#contract/run';
import type { Sprint } from '#contract/sprint';
import type { ConfirmRule } from '../ledger/confirm-rule.ts';
import { brokenConstraints, type Rules } from '../ledger/decide.ts';
import { decideFirst, decidePairs } from './decide.ts';
import { deciding, type Pair, severalOf, shown, shownAll } from './pairs.ts';
import type { OnSecretWorld, SecretStore } from './store.ts';

export type Who = 'candidate' | 'best';

/** A run that a confirming lacks. */
export interface Job {
  who: Who;
  draw: number;
}

/** What is confirmed, how, and on which worlds. */
export interface Confirming {
  store: SecretStore;
  /** The sprint of the best; undefined for the first one. */
  best: Sprint | undefined;
  rules: Rules;
  rule: ConfirmRule;
  /** The recipes; that of the best is null where there is none. */
  specs: { candidate: RunSpec; best: RunSpec | null };
  like: Pick<OnSecretWorld, 'leaderboard' | 'rows'>;
  /** The worlds, in the order of the pairs. */
  order: readonly number[];
}

/** What the secret worlds have shown of a candidate so far, and what follows from it. */
export class Evidence {
  constructor(readonly of: Confirming) {}

  /** The runs that the first `count` pairs lack. */
  lacks(count: number): Job[] {
    const { order, specs } = this.of;
    return order
      .slice(0, count)
      .flatMap((draw): Job[] => [
        { who: 'candidate', draw },
        ...(specs.best ? [{ who: 'best' as const, draw }] : []),
      ])
      .filter((job) => this.#found(job) === undefined);
  }

  /**
   * The record, where the pairs so far decide; else null. `ended`: why there will be no more pairs, so that
   * what there is decides.
   */
  verdict(ended: string | null): Confirmed | null {
    const { rules, rule, specs, order } = this.of;
    const pairs = this.#pairs();
    const failed = this.#failed();
    if (failed !== null) return this.#record('failed', failed, pairs, null);
    if (pairs.length === 0) return null;
    if (specs.best === null) {
      if (pairs.length < order.length && ended === null) return null;
      const { result, reason } = decideFirst(pairs, rules);
      return this.#record(result, reason, pairs, null);
    }
    const decided = decidePairs(pairs, rules, rule, ended);
    return decided && this.#record(decided.result, decided.reason, decided.pairs, decided.gain);
  }

  #found({ who, draw }: Job): OnSecretWorld | undefined {
    const { specs, store, like } = this.of;
    const spec = specs[who];
    return spec ? store.find(spec, { ...like, draw }) : undefined;
  }

  /** Why a run of the candidate disqualifies it; null where none does. */
  #failed(): string | null {
    for (const draw of this.of.order) {
      const found = this.#found({ who: 'candidate', draw });
      if (!found) continue;
      if ('failed' in found.result)
        return `on a secret world its training came to no result (${found.result.failed})`;
      if (!this.#hasMetric(found)) return `on a secret world it has no ${this.of.rules.metric}`;
      // The field alone: a declared value is the trainer's.
      const [field] = brokenConstraints(found.result, this.of.rules).split(':');
      if (field) return `on a secret world a constraint was not met (${field})`;
    }
    return null;
  }

  /** A missing number would be NaN in the mean, and the record of the sprint could not be read again. */
  #hasMetric({ result }: OnSecretWorld): boolean {
    return 'metrics' in result && result.metrics[this.of.rules.metric] !== undefined;
  }

  /** The whole pairs, in order, up to the first that is not whole. */
  #pairs(): Pair[] {
    const pairs: Pair[] = [];
    const { order, specs, rules } = this.of;
    const names = deciding(rules);
    for (const draw of order) {
      const candidate = this.#found({ who: 'candidate', draw });
      const best = this.#found({ who: 'best', draw });
      if (!candidate || !('metrics' in candidate.result) || !this.#hasMetric(candidate)) break;
      if (specs.best && !best) break;
      // Where the best comes to no result, there is no pair.
      if (best && !this.#hasMetric(best)) continue;
      pairs.push({
        ...{ draw, world: candidate.world },
        candidate: shownAll(candidate.result.metrics, names),
        best: best && 'metrics' in best.result ? shownAll(best.result.metrics, names) : null,
      });
    }
    return pairs;
  }

  #record(
    result: Confirmed['result'],
    reason: string,
    pairs: readonly Pair[],
    gain: Confirmed['gain'],
  ): Confirmed {
    const { best, specs, rule, store, like } = this.of;
    return {
      ...{ key: store.of.hash, nth: rule.nth, result, reason },
      ...{ samples: specs.candidate.samples, rows: like.rows },
      candidate: severalOf(pairs.map(({ candidate }) => candidate)),
      best:
        best && specs.best
          ? {
              ...{ sprint: best.id, run: best.candidate ?? '' },
              ...severalOf(pairs.map((pair) => pair.best ?? {})),
            }
          : null,
      gain: gain && { mean: shown(gain.mean), error: shown(gain.error), needed: shown(gain.needed) },
      pairs: [...pairs],
      seconds: 0,
    };
  }
}

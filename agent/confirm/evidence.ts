import type { Confirmed } from '#contract/confirmed';
import type { RunSpec } from '#contract/run';
import type { Sprint } from '#contract/sprint';
import { worldWords } from '../common/worlds.ts';
import { type Again, againOf, toTrainTwice } from '../ledger/best-again.ts';
import type { ConfirmRule } from '../ledger/confirm-rule.ts';
import { brokenConstraints, type NamedRules } from '../ledger/decide.ts';
import { type Decided, decideFirst, decidePairs, gainIn } from './decide.ts';
import { lossesOf } from './losses.ts';
import { deciding, type Pair, severalOf, shown, shownAll } from './pairs.ts';
import type { OnSecretWorld, SecretStore } from './store.ts';

export type Who = 'candidate' | 'best';

/** A run that a confirming lacks. */
export interface Job {
  who: Who;
  draw: number;
  /** The best once more where it is known; the value is the run of the candidate. */
  again?: string;
}

/** What a confirming came to: its record, and the pairs that stay secret until the key is published. */
export interface Shown {
  confirmed: Confirmed;
  pairs: Pair[];
}

/** What is confirmed, how, and on which worlds. */
export interface Confirming {
  store: SecretStore;
  /** The sprint of the best; undefined for the first one. */
  best: Sprint | undefined;
  rules: NamedRules;
  rule: ConfirmRule;
  /** The run of the candidate. */
  run: string;
  /** The recipes; that of the best is null where there is none. */
  specs: { candidate: RunSpec; best: RunSpec | null };
  like: Pick<OnSecretWorld, 'leaderboard' | 'rows'>;
  /** The worlds, in the order of the pairs. */
  order: readonly number[];
}

/** What the secret worlds have shown of a candidate so far, and what follows from it. */
export class Evidence {
  constructor(readonly of: Confirming) {}

  /** The runs that the first `count` pairs lack; then those that a confirmation by them lacks. */
  lacks(count: number): Job[] {
    const { order, specs } = this.of;
    const ofPairs = order
      .slice(0, count)
      .flatMap((draw): Job[] => [
        { who: 'candidate', draw },
        ...(specs.best ? [{ who: 'best' as const, draw }] : []),
        ...this.#again(draw),
      ])
      .filter((job) => this.#found(job) === undefined);
    return ofPairs.length > 0 ? ofPairs : this.#lacksTwice(this.#decided(null));
  }

  /**
   * The best once more on a world that it is known on: the same code, world and seed give the same, unless
   * its code looks at the clock.
   */
  #again(draw: number): Job[] {
    return this.#isKept(draw) ? [{ who: 'best', draw, again: this.of.run }] : [];
  }

  /**
   * The second runs of the best that a confirmation lacks: on worlds that are new to it, where the candidate
   * gained most. Code that loses something in some of its runs alone shows it there.
   */
  #lacksTwice(decided: Decided | null): Job[] {
    const { run, rules, specs } = this.of;
    if (decided?.result !== 'confirmed' || specs.best === null) return [];
    const gains = decided.pairs.map(({ candidate, best, kept }) => ({
      ...{ gain: gainIn(rules.metric, rules, candidate, best), kept },
    }));
    return toTrainTwice(gains)
      .flatMap((at) => decided.pairs[at]?.draw ?? [])
      .map((draw): Job => ({ who: 'best', draw, again: run }))
      .filter((job) => this.#found(job) === undefined);
  }

  #isKept(draw: number): boolean {
    const { specs, store, like } = this.of;
    return specs.best !== null && store.measured(specs.best, like).includes(draw);
  }

  /**
   * The record, where the pairs so far decide; else null. `ended`: why there will be no more pairs, so that
   * what there is decides.
   */
  verdict(ended: string | null): Shown | null {
    const { rules, specs, order } = this.of;
    const pairs = this.#pairs();
    const failed = this.#failed();
    if (failed !== null) return this.#record('failed', failed, pairs, null);
    const fails = this.#bestFails();
    if (fails !== null) return this.#record('held', fails, pairs, null);
    if (pairs.length === 0) return null;
    if (specs.best === null) {
      if (pairs.length < order.length && ended === null) return null;
      const { result, reason } = decideFirst(pairs, rules);
      return this.#record(result, reason, pairs, null);
    }
    const sure = this.#decided(ended);
    const lacks = this.#lacksTwice(sure).length > 0;
    const decided = lacks && sure ? this.#decided(ended, sure.pairs.length - 1) : sure;
    return decided && this.#record(decided.result, decided.reason, decided.pairs, decided.gain);
  }

  /** `most`: no look at more pairs counts. */
  #decided(ended: string | null, most = Number.POSITIVE_INFINITY): Decided | null {
    const { rules, rule, order } = this.of;
    const lacking = order.findIndex((draw) =>
      this.#again(draw).some((job) => this.#found(job) === undefined),
    );
    const checked = Math.min(most, lacking === -1 ? order.length : lacking);
    return decidePairs(this.#pairs(), rules, rule, { again: this.#losses(), checked, ended });
  }

  #found({ who, draw, again }: Job): OnSecretWorld | undefined {
    const { specs, store, like } = this.of;
    const spec = specs[who];
    return spec ? store.find(spec, { ...like, draw, again }) : undefined;
  }

  /** What the best lost where it was trained again, for this candidate and for earlier ones. */
  #losses(): Again | null {
    const { specs, store, like, rules } = this.of;
    return specs.best && againOf(lossesOf(store.twice(specs.best, like), rules));
  }

  /**
   * Why no pairs are made with this best: it comes to no result on a world on which the candidate does. Left
   * out, those worlds would let it choose the pairs. Null where it does nowhere.
   */
  #bestFails(): string | null {
    const { order, specs, rules } = this.of;
    if (specs.best === null) return null;
    const fails = order.some((draw) => {
      const candidate = this.#found({ who: 'candidate', draw });
      if (!candidate || !this.#hasMetric(candidate)) return false;
      return [undefined, this.of.run].some((again) => {
        const found = this.#found({ who: 'best', draw, again });
        return found !== undefined && !this.#hasMetric(found);
      });
    });
    return fails
      ? `the best came to no result (no ${rules.metric}) on a ${(rules.worlds ?? worldWords(null)).secret} on which the candidate did, so nothing can be said`
      : null;
  }

  /** Why a run of the candidate disqualifies it; null where none does. */
  #failed(): string | null {
    const { secret } = this.of.rules.worlds ?? worldWords(null);
    for (const draw of this.of.order) {
      const found = this.#found({ who: 'candidate', draw });
      if (!found) continue;
      if ('failed' in found.result)
        return `on a ${secret} its training came to no result (${found.result.failed})`;
      if (!this.#hasMetric(found)) return `on a ${secret} it has no ${this.of.rules.metric}`;
      // The field alone: a declared value is the trainer's.
      const [field] = brokenConstraints(found.result, this.of.rules).split(':');
      if (field) return `on a ${secret} a constraint was not met (${field})`;
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
      const best = this.#best(draw);
      if (!candidate || !('metrics' in candidate.result) || !this.#hasMetric(candidate)) break;
      if (specs.best && !best) break;
      if (best && !this.#hasMetric(best)) break;
      pairs.push({
        ...{ draw, world: candidate.world, kept: this.#isKept(draw) },
        candidate: shownAll(candidate.result.metrics, names),
        best: best && 'metrics' in best.result ? shownAll(best.result.metrics, names) : null,
      });
    }
    return pairs;
  }

  /**
   * The best on a world, for a pair. Where that was new to it and it was trained there twice, the better run
   * counts: what it lost in the other one is no gain of a candidate.
   */
  #best(draw: number): OnSecretWorld | undefined {
    const { rules, run } = this.of;
    const first = this.#found({ who: 'best', draw });
    const second = this.#isKept(draw) ? undefined : this.#found({ who: 'best', draw, again: run });
    if (!first || !second) return first;
    const [lost] = lossesOf([[first, second]], rules);
    return lost !== undefined && lost > 0 ? second : first;
  }

  #record(
    result: Confirmed['result'],
    reason: string,
    pairs: readonly Pair[],
    gain: Confirmed['gain'],
  ): Shown {
    const { best, specs, rule, store, like } = this.of;
    const again = this.#losses();
    const confirmed: Confirmed = {
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
      ...(again && { again: { n: again.n, loss: shown(again.loss), less: shown(again.less) } }),
      pairs: [],
      seconds: 0,
    };
    return { confirmed, pairs: [...pairs] };
  }
}

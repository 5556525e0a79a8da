import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, type LedgerRow, stepOf } from './choose.ts';
import { PATH } from './path.ts';

const row = (slug: string, outcome: string, number = 1): LedgerRow => ({
  number,
  id: `2026-02-19--10-37-${slug}`,
  outcome,
  metrics: {},
});

/** Walks the path, asking `judge` for each outcome; the steps tried, in order. */
function walkPath(judge: (slug: string, trial: number) => string): LedgerRow[] {
  const ledger: LedgerRow[] = [];
  for (;;) {
    const { next } = choose(ledger);
    if (!next) return ledger;
    if (ledger.length > 60) throw new Error('the walk does not end');
    const slug = next.step.slug + (next.again ? '-again' : '');
    ledger.push(row(slug, judge(slug, ledger.length), ledger.length + 1));
  }
}

const slugs = (ledger: readonly LedgerRow[]) => ledger.map(({ id }) => id.slice('2026-02-19--10-37-'.length));

describe('choosing the next step by the verdicts', () => {
  it('walks the whole path in its order when every step is a gain', () => {
    expect(slugs(walkPath(() => 'new-best'))).toEqual(PATH.map((step) => step.slug));
  });

  it('leaves out what gave no gain, and tries the first of it once more on the final best', () => {
    const ledger = walkPath((slug) => (slug.startsWith('full-recipe') ? 'no-gain' : 'new-best'));
    expect(slugs(ledger)).toEqual([...PATH.map((step) => step.slug), 'full-recipe-again']);
    expect(choose(ledger).standing.kept.map((step) => step.slug)).not.toContain('full-recipe');
  });

  it('does not try what builds on a step without gain', () => {
    const ledger = walkPath((slug) => (slug.startsWith('matryoshka') ? 'no-gain' : 'new-best'));
    expect(slugs(ledger)).not.toContain('full-recipe');
    expect(choose(ledger).standing.skipped.map((step) => step.slug)).toEqual(['full-recipe']);
  });

  it('does not call skipped what is only still to come', () => {
    expect(choose([]).standing.skipped).toEqual([]);
    expect(choose([row('batchtopk-baseline', 'new-best')]).standing.skipped).toEqual([]);
  });

  it('opens what was left out when a follow-up succeeds', () => {
    const ledger = walkPath((slug) => (slug === 'matryoshka-levels' ? 'no-gain' : 'new-best'));
    expect(slugs(ledger)).toEqual(expect.arrayContaining(['matryoshka-levels-again', 'full-recipe']));
  });

  it('repeats a step that was cut off before its verdict, twice at most', () => {
    const first = choose([row('batchtopk-baseline', 'interrupted')]).next;
    expect(first).toMatchObject({ step: { slug: 'batchtopk-baseline' }, again: { cutOff: true } });
    const ledger = walkPath((slug) => (slug.startsWith('batchtopk') ? 'interrupted' : 'new-best'));
    expect(slugs(ledger).slice(0, 3)).toEqual([
      'batchtopk-baseline',
      'batchtopk-baseline-again',
      'matryoshka-levels',
    ]);
  });

  it('knows the best of another researcher, and reads names with suffixes', () => {
    const theirs = row('whitened-encoder', 'new-best');
    expect(choose([theirs]).standing).toMatchObject({ best: theirs, kept: [] });
    expect(stepOf('2026-02-19--10-37-full-recipe-again-2')?.slug).toBe('full-recipe');
    expect(stepOf('2026-02-19--10-37-full-recipe-fast')).toBeUndefined();
  });

  it('always ends, and never gives a judged step a second verdict on the same base', () => {
    const outcome = fc.constantFrom('new-best', 'no-gain', 'degenerate', 'invalid', 'failed', 'interrupted');
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 40, maxLength: 40 }), (outcomes) => {
        const ledger = walkPath((_, trial) => outcomes[trial] as string);
        const kept = new Set<string>();
        const verdicts = new Set<string>();
        for (const { id, outcome } of ledger) {
          const slug = stepOf(id)!.slug;
          for (const need of stepOf(id)!.needs) expect(kept.has(need), `${slug} needs ${need}`).toBe(true);
          if (outcome === 'interrupted') continue;
          const trial = `${slug} on ${[...kept].sort()}`;
          expect(verdicts.has(trial), trial).toBe(false);
          verdicts.add(trial);
          if (outcome === 'new-best') kept.add(slug);
        }
      }),
    );
  });
});

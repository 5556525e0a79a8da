import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { codeTable } from './code-table.ts';
import { type Label, probes } from './probe.ts';
import { plainProbe, sparse } from './testing/plain.ts';

interface Case {
  rows: number[][];
  has: boolean[];
  fit: boolean[];
}

/** Probes a case whose rows come in two batches. */
function probed({ rows, has, fit }: Case) {
  const middle = Math.floor(rows.length / 2);
  const batches = [rows.slice(0, middle), rows.slice(middle)].map(sparse);
  const label: Label = { name: 'it', rows: Uint32Array.from(rows.keys()).filter((row) => has[row]) };
  return probes(codeTable(batches, rows[0].length), [label], Uint8Array.from(fit, Number));
}

/** Codes with ties, zeros and signs, as an encoder may answer them. */
const anyCase: fc.Arbitrary<Case> = fc.integer({ min: 6, max: 24 }).chain((count) =>
  fc.record({
    rows: fc.array(fc.array(fc.constantFrom(0, 0, 0, 0.5, 1, 2, 3.25, -1), { minLength: 4, maxLength: 4 }), {
      minLength: count,
      maxLength: count,
    }),
    has: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    fit: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
  }),
);

describe('a probe of a label', () => {
  it('is as defined, on any codes', () => {
    fc.assert(
      fc.property(anyCase, (each) => {
        const rows = each.rows.map((_, row) => row);
        const fitted = rows.filter((row) => each.fit[row] && each.has[row]).length;
        const tested = rows.filter((row) => !each.fit[row] && each.has[row]).length;
        const inFit = each.fit.filter(Boolean).length;
        const [probe, ...more] = probed(each);
        expect(more).toEqual([]);
        if (fitted === 0 || tested === 0 || fitted === inFit) {
          expect(probe).toBeUndefined();
          return;
        }
        expect(probe).toMatchObject({ name: 'it', fitted, tested });
        const plain = plainProbe(each.rows, each.has, each.fit);
        expect(probe.single).toBeCloseTo(plain.single, 10);
        expect(probe.cut).toBeCloseTo(plain.cut, 10);
        expect(probe.several).toBeCloseTo(plain.several, 10);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('finds the latent that detects it, and says what that is worth on rows that it was not fitted on', () => {
    const random = new Random(3, 'probe', 0);
    const has = Array.from({ length: 4000 }, () => random.uniform() < 0.1);
    // Latent 2 fires with the label, above 1, and below 1 without it; the others have nothing to do with it.
    const rows = has.map((with_) => [
      random.uniform() < 0.3 ? random.uniform() : 0,
      random.uniform() < 0.3 ? 5 * random.uniform() : 0,
      with_ ? 1.2 + random.uniform() : random.uniform() < 0.2 ? random.uniform() : 0,
    ]);
    const fit = rows.map((_, row) => row % 2 === 0);
    const [probe] = probed({ rows, has, fit });
    expect(probe).toMatchObject({ latent: 2, cut: 1 });
    // By firing at all it is wrong in a fifth of the other rows.
    expect(probe.single).toBeCloseTo(0.2 / (0.1 + 0.1 + 0.9 * 0.2), 1);
    expect(probe.several).toBeGreaterThan(0.99);
  });

  it('takes several latents where one is not enough', () => {
    const random = new Random(4, 'probe', 0);
    // The label is split among three latents, as one that several words share.
    const kinds = Array.from({ length: 6000 }, () => Math.floor(random.uniform() * 12));
    const rows = kinds.map((kind) =>
      [0, 1, 2, 3].map((latent) => (latent === kind ? 1 + random.uniform() : 0)),
    );
    const has = kinds.map((kind) => kind < 3);
    const [probe] = probed({ rows, has, fit: rows.map((_, row) => row % 2 === 0) });
    // One latent has a third of the rows and is never wrong: F1 2·⅓ / (1 + ⅓).
    expect(probe.single).toBeCloseTo(0.5, 1);
    expect(probe.several).toBe(1);
  });

  it('gains nothing by a latent’s scale, and nothing by copies of it', () => {
    const random = new Random(5, 'probe', 0);
    const has = Array.from({ length: 2000 }, () => random.uniform() < 0.2);
    const rows = has.map((with_) => [
      random.uniform() < (with_ ? 0.8 : 0.1) ? 1 + random.uniform() : 0,
      random.uniform() < 0.2 ? random.uniform() : 0,
    ]);
    const fit = rows.map((_, row) => row % 2 === 0);
    const [probe] = probed({ rows, has, fit });
    const [scaled] = probed({ rows: rows.map(([a, b]) => [1024 * a, b / 1024]), has, fit });
    const [copied] = probed({ rows: rows.map(([a, b]) => [a, b, a, a, a]), has, fit });
    expect(scaled).toEqual(probe);
    expect([copied.latent, copied.single, copied.cut]).toEqual([probe.latent, probe.single, probe.cut]);
  });

  it('is 0 where nothing fires', () => {
    const rows = Array.from({ length: 8 }, () => [0, 0]);
    const has = rows.map((_, row) => row % 3 === 0);
    const [probe] = probed({ rows, has, fit: rows.map((_, row) => row < 4) });
    expect(probe).toMatchObject({ latent: -1, single: 0, cut: 0, several: 0 });
  });
});

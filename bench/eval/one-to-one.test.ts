import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Evaluation, type Metrics } from './evaluation.ts';
import { matchLatents } from './matching.ts';
import { OneToOne } from './one-to-one.ts';

/** Four features along the axes. The first is easy: its latent is always right; the others are hard. */
const FEATURES = 4;
const ROWS = 2000;
const identity = Float32Array.from({ length: FEATURES ** 2 }, (_, at) => Number(at % (FEATURES + 1) === 0));
/** Whether a feature is active in a row: rates of 1/2, 1/3, 1/5, 1/7, as good as independent. */
const active = (row: number, feature: number): boolean => row % [2, 3, 5, 7][feature] === 0;
/** A hard latent fires in a third of its feature's rows, and in others: precision and recall are bad. */
const weak = (row: number, latent: number): number =>
  (active(row, latent) && row % 11 < 4) || (!active(row, latent) && row % 13 === 0) ? 4 : 0;
const honest = (row: number, latent: number): number =>
  latent === 0 ? (active(row, 0) ? 4 : 0) : weak(row, latent);

/** The metrics of latents with these decoder rows and codes. */
function metricsOf(weights: number[][], code: (row: number, latent: number) => number): Metrics {
  const data = Float32Array.from(weights.flat());
  const m = weights.length;
  const matching = matchLatents(
    { count: m, dim: FEATURES, data },
    { count: FEATURES, dim: FEATURES, data: identity },
  );
  const decoder = { weights: data, bias: new Float32Array(FEATURES) };
  const evaluation = new Evaluation(matching, decoder, FEATURES);
  for (let row = 0; row < ROWS; row++) {
    const on = Array.from({ length: FEATURES }, (_, j) => j).filter((j) => active(row, j));
    const fires = Array.from({ length: m }, (_, i) => i).filter((i) => code(row, i) !== 0);
    const x = new Float32Array(FEATURES);
    for (const feature of on) x[feature] = 4;
    const rows = { rows: 1 };
    evaluation.add(
      {
        ...rows,
        offsets: Uint32Array.of(0, on.length),
        features: Uint32Array.from(on),
        values: new Float32Array(on.length).fill(4),
      },
      x,
      {
        ...rows,
        offsets: Uint32Array.of(0, fires.length),
        indices: Uint32Array.from(fires),
        values: Float32Array.from(fires, (i) => code(row, i)),
      },
    );
  }
  return evaluation.metrics();
}

const axes = [0, 1, 2, 3].map((i) => [...identity.slice(i * FEATURES, (i + 1) * FEATURES)]);
const plain = metricsOf(axes, honest);

describe('the one-to-one F1', () => {
  it('is the published F1 where every latent has a nearest feature of its own', () => {
    expect(plain.uniqueness).toBe(1);
    expect(plain.f1).toBeGreaterThan(0.4);
    expect(plain.f1).toBeLessThan(0.7);
    expect(plain.f1_one_to_one).toBeCloseTo(plain.f1, 12);
  });

  it('does not rise with weak latents that fire by 1e-20 with the easy one and get part of its row', () => {
    const near = axes.map((row, i) => (i === 3 ? [0.75, 0, 0, 0.66] : row));
    const cheat = metricsOf(near, (row, i) => honest(row, i) || (i === 3 && active(row, 0) ? 1e-20 : 0));
    expect(cheat.f1).toBeGreaterThan(plain.f1 + 0.05);
    // Its codes of 1e-20 are none, so it stays the weak latent that it was.
    expect(cheat.f1_one_to_one).toBeCloseTo(plain.f1_one_to_one, 12);
    expect(plain.mcc - cheat.mcc).toBeLessThan(0.1);
    // Where they are not tiny, the latent is a bad detector of the feature that is left for it.
    const loud = metricsOf(near, (row, i) => honest(row, i) || (i === 3 && active(row, 0) ? 1 : 0));
    expect(loud.f1).toBeGreaterThan(plain.f1 + 0.05);
    expect(loud.f1_one_to_one).toBeLessThan(plain.f1_one_to_one);
  });

  it('does not rise with plain copies of the easy latent', () => {
    const copies = metricsOf([axes[0], axes[0], axes[0], axes[3]], (row, i) => honest(row, i < 3 ? 0 : i));
    expect(copies.f1).toBeGreaterThan(plain.f1 + 0.15);
    expect(copies.f1_one_to_one).toBeLessThan(plain.f1_one_to_one);
  });

  it('does not count codes that are far below the typical one of their latent', () => {
    // Right in every row, but by codes that the reconstruction does not see.
    const whisper = (row: number, i: number): number => {
      if (i === 0) return honest(row, 0);
      return weak(row, i) || (active(row, i) ? 1e-20 : 0);
    };
    const cheat = metricsOf(axes, whisper);
    expect(cheat.f1).toBeGreaterThan(plain.f1 + 0.1);
    expect(cheat.f1_one_to_one).toBeCloseTo(plain.f1_one_to_one, 12);
    // Codes of one size that happen to be small are all typical.
    expect(metricsOf(axes, (row, i) => 1e-20 * honest(row, i)).f1_one_to_one).toBeCloseTo(plain.f1, 12);
  });

  it('gives 0 to a latent without a feature, and to one that is dead', () => {
    const more = metricsOf([...axes, axes[0]], (row, i) => honest(row, i === 4 ? 0 : i));
    expect(more.f1_one_to_one).toBeCloseTo((plain.f1 * 4) / 5, 12);
    expect(metricsOf(axes, () => 0).f1_one_to_one).toBe(0);
  });
});

it('is what its definition says of all codes and of their signs, whatever their sizes', () => {
  const code = fc.oneof(
    fc.constantFrom(1e-30, 0.01, 1, 1.5, 40, -3),
    fc.float({ noNaN: true, noDefaultInfinity: true }).filter((value) => Math.abs(value) > 1e-30),
  );
  const row = fc.record({ code: fc.option(code), active: fc.boolean() });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
      const counted = new OneToOne(Int32Array.of(0), 1);
      for (const each of rows)
        if (each.code !== null) counted.add(0, each.code, Uint8Array.of(Number(each.active), 0));
      const codes = rows.flatMap((each) => (each.code === null ? [] : [Math.abs(each.code)]));
      const sum = codes.reduce((total, c) => total + c, 0);
      const typical = codes.reduce((total, c) => total + c * c, 0) / sum;
      const floor = 2 ** Math.floor(Math.log2(Math.fround(typical / 16)));
      const fires = (each: (typeof rows)[number]) => each.code !== null && Math.abs(each.code) >= floor;
      const tp = rows.filter((each) => fires(each) && each.active).length;
      const all = rows.filter(fires).length + rows.filter((each) => each.active).length;
      expect(counted.f1(Float64Array.of(rows.filter((each) => each.active).length))).toBeCloseTo(
        tp === 0 ? 0 : (2 * tp) / all,
        9,
      );
    }),
  );
});

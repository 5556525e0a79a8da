import type { SparseCodes } from '#contract/codes';

/** Rows of codes as an encoder answers them. */
export function sparse(rows: readonly (readonly number[])[]): SparseCodes {
  const entries = rows.map((row) => row.flatMap((value, latent) => (value === 0 ? [] : [{ latent, value }])));
  const offsets = new Uint32Array(rows.length + 1);
  entries.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.length;
  });
  return {
    rows: rows.length,
    offsets,
    indices: Uint32Array.from(entries.flat(), ({ latent }) => latent),
    values: Float32Array.from(entries.flat(), ({ value }) => value),
  };
}

/** A probe of one label, written down as it is defined, on dense rows. */
export function plainProbe(
  rows: readonly (readonly number[])[],
  has: readonly boolean[],
  fit: readonly boolean[],
): { latent: number; single: number; cut: number; several: number } {
  const own = rows.map((_, row) => row).filter((row) => fit[row]);
  const others = rows.map((_, row) => row).filter((row) => !fit[row]);
  const label = own.map((row) => Number(has[row]));
  const chosen = rows[0]
    .map((_, latent) => ({
      latent,
      r: correlation(
        own.map((row) => rows[row][latent]),
        label,
      ),
    }))
    .filter(({ r }) => r !== 0)
    .sort((a, b) => Math.abs(b.r) - Math.abs(a.r) || a.latent - b.latent)
    .slice(0, 16);
  const best = { latent: -1, single: 0, cut: 0 };
  const onFit = { single: 0, cut: 0 };
  for (const { latent, r } of chosen) {
    const score = (row: number): number => Math.sign(r) * rows[row][latent];
    const fires = (row: number): boolean => score(row) > 0;
    const firing = f1(own, has, fires);
    if (firing > onFit.single) {
      onFit.single = firing;
      Object.assign(best, { latent, single: f1(others, has, fires) });
    }
    const cut = cutOf(own, has, score, fires);
    if (cut.f1 <= onFit.cut) continue;
    onFit.cut = cut.f1;
    best.cut = f1(others, has, (row) => fires(row) && score(row) > cut.threshold);
  }
  const x = (row: number): number[] =>
    chosen.map(({ latent }) => rows[row][latent] / rms(own.map((each) => rows[each][latent])));
  const weights = descent(own.map(x), label);
  const score = (row: number): number => dot([...x(row), 1], weights);
  const fires = (row: number): boolean => x(row).some((value) => value !== 0);
  const cut = cutOf(own, has, score, fires);
  const several = f1(others, has, (row) => fires(row) && score(row) > cut.threshold);
  return { ...best, several };
}

function cutOf(
  rows: readonly number[],
  has: readonly boolean[],
  score: (row: number) => number,
  fires: (row: number) => boolean,
): { threshold: number; f1: number } {
  const scores = [...new Set(rows.filter(fires).map(score))].sort((a, b) => b - a);
  const best = { threshold: Number.POSITIVE_INFINITY, f1: 0 };
  scores.forEach((at, i) => {
    const below = scores[i + 1];
    const threshold = below === undefined ? Number.NEGATIVE_INFINITY : (at + below) / 2;
    const value = f1(rows, has, (row) => fires(row) && score(row) >= at);
    if (value > best.f1) Object.assign(best, { threshold, f1: value });
  });
  return best;
}

function f1(rows: readonly number[], has: readonly boolean[], said: (row: number) => boolean): number {
  const hits = rows.filter((row) => said(row) && has[row]).length;
  const predicted = rows.filter(said).length;
  const positives = rows.filter((row) => has[row]).length;
  return hits === 0 ? 0 : (2 * hits) / (predicted + positives);
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const rms = (values: readonly number[]): number => Math.sqrt(mean(values.map((value) => value * value)));
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const [da, db] = [a.map((x) => x - ma), b.map((x) => x - mb)];
  const spread = Math.sqrt(dot(da, da) * dot(db, db));
  return spread > 1e-12 && Math.abs(dot(da, db)) > 1e-12 ? dot(da, db) / spread : 0;
}

/** Logistic regression by many small steps of plain gradient descent; the last weight is the intercept. */
export function descent(x: readonly (readonly number[])[], label: readonly number[]): number[] {
  const rows = x.map((row) => [...row, 1]);
  const last = rows[0].length - 1;
  let weights = rows[0].map(() => 0);
  const rate = 4 / (4 + rows.reduce((sum, row) => sum + dot(row, row), 0));
  for (let step = 0; step < 60_000; step++) {
    const errors = rows.map((row, i) => 1 / (1 + Math.exp(-dot(row, weights))) - label[i]);
    const slope = weights.map(
      (w, i) => (i === last ? 0 : w) + errors.reduce((sum, e, row) => sum + e * rows[row][i], 0),
    );
    if (slope.every((part) => Math.abs(part) < 1e-10)) break;
    weights = weights.map((w, i) => w - rate * slope[i]);
  }
  return weights;
}

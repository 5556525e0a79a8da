import type { TorchGenerator } from './torch-rng.ts';

/** Low-rank Gaussian copula: feature i fires iff F_i·z + sqrt(diag_i)·eta_i > threshold_i. F is [n, rank]. */
export interface Copula {
  rank: number;
  factor: Float32Array;
  diag: Float32Array;
}

const MIN_DIAG = 0.01;

/** F ~ N(0, scale²), diag = 1 - |F_i|²; a row that leaves less than 0.01 is shortened to |F_i|² = 0.99. */
export function randomCopula(n: number, rank: number, scale: number, random: TorchGenerator): Copula {
  const factor = random.randn(n * rank).map((x) => x * scale);
  const diag = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const row = factor.subarray(i * rank, (i + 1) * rank);
    const square = row.reduce((sum, x) => sum + x * x, 0);
    diag[i] = Math.max(MIN_DIAG, 1 - square);
    if (1 - square < MIN_DIAG)
      row.forEach((x, k) => {
        row[k] = x * Math.sqrt((1 - MIN_DIAG) / square);
      });
  }
  return { rank, factor, diag };
}

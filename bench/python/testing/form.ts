import { encodeSafetensors } from '#contract/safetensors';
import type { Rows } from '../compare.ts';
import type { Exported } from '../exported.ts';

const [ROWS, D, LATENTS] = [4, 2, 3];
const table = (rows: number, width: number, at: (row: number, column: number) => number): Rows => ({
  data: Float32Array.from({ length: rows * width }, (_, i) => at(Math.floor(i / width), i % width)),
  width,
});

/** An export with codes relu(x W), W = [[1, 0, 1], [0, 1, -1]], and the reconstruction codes Wᵀ. */
export function exportOf(source: string | null): Exported {
  const W = [
    [1, 0, 1],
    [0, 1, -1],
  ];
  const x = table(ROWS, D, (row, j) => (row + 1) * (j === 0 ? 1 : -0.5) + j);
  const at = ({ data, width }: Rows, row: number, column: number): number => data[row * width + column];
  const codes = table(ROWS, LATENTS, (row, i) =>
    Math.max(0, at(x, row, 0) * W[0][i] + at(x, row, 1) * W[1][i]),
  );
  const recon = table(ROWS, D, (row, j) =>
    [0, 1, 2].reduce((sum, i) => sum + at(codes, row, i) * W[j][i], 0),
  );
  const tensors = new Map([['W', { shape: [D, LATENTS], data: Float32Array.from(W.flat()) }]]);
  return {
    source,
    weights: Buffer.concat(encodeSafetensors({ tensors, metadata: {} })),
    parity: { x, codes, recon },
  };
}

/** The right encoder of that export, in Python. */
export const RIGHT = `
def encode(x, sae):
    h = x @ sae["W"]
    return h * (h > 0)

def decode(codes, sae):
    return codes @ sae["W"].T
`;

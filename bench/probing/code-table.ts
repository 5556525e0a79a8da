import type { SparseCodes } from '#contract/codes';

/** Codes that are kept at most, 270 MB by row and as much by latent: 200,000 rows with an L0 of 160. */
export const MOST_CODES = 1 << 25;

/** The codes of all rows, by row and by latent. A code of 0 does not fire and is left out. */
export interface CodeTable {
  rows: number;
  latents: number;
  byRow: { offsets: Uint32Array; latents: Uint32Array; values: Float32Array };
  /** Rows ascend within a latent. */
  byLatent: { offsets: Uint32Array; rows: Uint32Array; values: Float32Array };
}

/** Puts the codes of neighbouring batches into one table. The caller limits how many there are. */
export function codeTable(batches: readonly SparseCodes[], latents: number): CodeTable {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const most = batches.reduce((sum, { indices }) => sum + indices.length, 0);
  const byRow = {
    offsets: new Uint32Array(rows + 1),
    latents: new Uint32Array(most),
    values: new Float32Array(most),
  };
  let row = 0;
  let at = 0;
  for (const { rows: count, offsets, indices, values } of batches) {
    for (let own = 0; own < count; own++) {
      for (let e = offsets[own]; e < offsets[own + 1]; e++) {
        if (values[e] === 0) continue;
        byRow.latents[at] = indices[e];
        byRow.values[at++] = values[e];
      }
      byRow.offsets[++row] = at;
    }
  }
  return { rows, latents, byRow, byLatent: turned(byRow, rows, latents) };
}

function turned(byRow: CodeTable['byRow'], rows: number, latents: number): CodeTable['byLatent'] {
  const codes = byRow.offsets[rows];
  const offsets = new Uint32Array(latents + 1);
  for (let e = 0; e < codes; e++) offsets[byRow.latents[e] + 1]++;
  for (let latent = 0; latent < latents; latent++) offsets[latent + 1] += offsets[latent];
  const next = offsets.slice(0, latents);
  const out = { offsets, rows: new Uint32Array(codes), values: new Float32Array(codes) };
  for (let row = 0; row < rows; row++) {
    for (let e = byRow.offsets[row]; e < byRow.offsets[row + 1]; e++) {
      const place = next[byRow.latents[e]]++;
      out.rows[place] = row;
      out.values[place] = byRow.values[e];
    }
  }
  return out;
}

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tensor32, writeSafetensors } from '#contract/safetensors';
import { createCheckpointEncoder, forms } from '../../encoding.ts';
import { readSaelens } from '../../import.ts';
import { loadArchitecture } from '../../load.ts';

/** A tensor of a reference file. */
export interface Stored {
  /** Its shape. */
  shape: readonly number[];
  /** Its numbers, row by row. */
  data: ArrayLike<number>;
}

/** Writes a folder in `root` as SAELens does. Returns its path. */
export function saved(root: string, config: object, state: Record<string, Stored | Tensor32>): string {
  mkdirSync(root, { recursive: true });
  const folder = mkdtempSync(join(root, 'sae-'));
  const cfg = { dtype: 'float32', device: 'cpu', metadata: { sae_lens_version: '6.38.0' }, ...config };
  writeFileSync(join(folder, 'cfg.json'), JSON.stringify(cfg));
  const tensors = new Map(
    Object.entries(state).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
  );
  writeSafetensors(join(folder, 'sae_weights.safetensors'), { tensors, metadata: {} });
  return folder;
}

/** The codes of the rows x in one form, dense [rows × d_sae]. The backend must be open. */
export async function codesOf(
  folder: string,
  x: Stored,
  form: (typeof forms)[number],
): Promise<Float32Array> {
  const checkpoint = readSaelens(folder);
  const architecture = await loadArchitecture(checkpoint.config.architecture);
  const encoder = createCheckpointEncoder(checkpoint, architecture, new Map());
  const rows = x.shape[0];
  const { offsets, indices, values } = encoder.codes(Float32Array.from(x.data), rows)[forms.indexOf(form)];
  const dense = new Float32Array(rows * encoder.d_sae);
  for (let row = 0; row < rows; row++) {
    for (let at = offsets[row]; at < offsets[row + 1]; at++)
      dense[row * encoder.d_sae + indices[at]] = values[at];
  }
  return dense;
}

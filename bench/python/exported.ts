import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { decodeSafetensors } from '#contract/safetensors';
import { openUntrusted, readUntrusted } from '#host/untrusted';
import type { Rows } from './compare.ts';

/** An exported folder. Code of the workspace wrote it. */
export interface Exported {
  /** The encoder in Python, `encode.py`; null without one. */
  source: string | null;
  /** The bytes of its weights. */
  weights: Uint8Array;
  /** Rows x, and the codes and reconstructions that the exporter states for them. */
  parity: { x: Rows; codes: Rows; recon: Rows };
}

const MOST = { source: 1 << 20, tensors: 2 ** 30 };

/** @throws UserError for a folder that has not the files of an export, or has them in another form */
export function readExported(folder: string): Exported {
  const file = join(folder, 'parity.safetensors');
  const { tensors } = decodeSafetensors(bytesOf(file), file);
  const rowsOf = (name: string): Rows => {
    const tensor = tensors.get(name);
    if (tensor?.shape.length !== 2) throw new UserError(`${file}: has no table ${name}`);
    return { data: tensor.data, width: tensor.shape[1] };
  };
  const parity = { x: rowsOf('x'), codes: rowsOf('codes'), recon: rowsOf('recon') };
  const counts = Object.values(parity).map(({ data, width }) => data.length / width);
  if (counts.some((count) => count !== counts[0] || !(count > 0)) || parity.x.width !== parity.recon.width)
    throw new UserError(`${file}: x, codes and recon do not belong together`);
  return {
    source: readUntrusted(join(folder, 'encode.py'), MOST.source),
    weights: bytesOf(join(folder, 'sae_weights.safetensors')),
    parity,
  };
}

function bytesOf(path: string): Buffer {
  const file = openUntrusted(path);
  if (file === null) throw new UserError(`${path}: there is no such plain file`);
  try {
    if (file.size > MOST.tensors) throw new UserError(`${path}: has ${file.size} bytes, too many`);
    return readFileSync(file.fd);
  } finally {
    closeSync(file.fd);
  }
}

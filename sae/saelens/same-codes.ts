import { UserError } from '#contract/errors';
import type { Csr } from '#engine/sparse';
import type { Architecture } from '../architecture.ts';
import { type CheckpointEncoder, createCheckpointEncoder, forms } from '../encoding.ts';
import { readSaelens } from '../import.ts';
import { loadArchitecture } from '../load.ts';
import type { Checkpoint } from '../trainer/checkpoint.ts';

/** Tolerances for rounding: sums in another order, and codes at a threshold that are there or not. */
const CLOSE = 1e-4;
const STRAY = 1e-3;

/**
 * Loads an exported folder as any SAE of SAELens and compares it with the inference encoder that it was made
 * from: decoder, bias, and codes of the rows x [rows × d_in]. `name` is SAELens' name of the encoder.
 * @throws UserError if they differ, or if the folder cannot be loaded
 */
export async function expectSameCodes(
  checkpoint: Checkpoint,
  architecture: Architecture,
  folder: string,
  name: string,
  x: Float32Array,
): Promise<void> {
  const config = { ...checkpoint.config, addons: {}, inferenceOnly: true as const };
  const trained = createCheckpointEncoder({ ...checkpoint, config }, architecture, new Map());
  const where = `sae/architectures/${checkpoint.config.architecture}.ts`;
  const saved = readAgain(folder, where);
  const loaded = createCheckpointEncoder(saved, await loadArchitecture(saved.config.architecture), new Map());
  for (const part of ['decoder', 'bias'] as const) {
    const other = trained[part].findIndex((v, i) => !isClose(v, loaded[part][i]));
    if (other >= 0)
      throw new UserError(
        `${where}: inferenceEncoder() saves another ${part} than it decodes with; not exported`,
      );
  }
  const rows = x.length / trained.d_in;
  const [own, read] = [trained, loaded].map((encoder) => inferenceCodes(encoder, x, rows));
  const fire = Math.max(own.values.filter((v) => v !== 0).length, 1);
  const other = differences(own, read);
  if (other.length <= STRAY * fire) return;
  throw new UserError(
    `${where}: inferenceEncoder() says that it is SAELens' "${name}"; loaded as that, ${other.length} of ${fire} codes of ${rows} rows differ (${other[0]}); not exported`,
  );
}

/** Loads the folder. @throws UserError that names the architecture: the folder will be deleted */
function readAgain(folder: string, where: string): Checkpoint {
  try {
    return readSaelens(folder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const said = error.message.replace(`${folder}/`, '');
    throw new UserError(`${where}: inferenceEncoder() gives what cannot be loaded (${said}); not exported`);
  }
}

const inferenceCodes = (encoder: CheckpointEncoder, x: Float32Array, rows: number): Csr =>
  encoder.codes(x, rows)[forms.indexOf('inference')];

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= CLOSE * (1 + Math.abs(a));

/** The codes that differ, in words. */
function differences(a: Csr, b: Csr): string[] {
  const found: string[] = [];
  for (let row = 0; row < a.rows; row++) {
    const [of, other] = [a, b].map(
      ({ offsets, indices, values }) =>
        new Map(
          Array.from(indices.subarray(offsets[row], offsets[row + 1]), (i, at) => [
            i,
            values[offsets[row] + at],
          ]),
        ),
    );
    for (const i of new Set([...of.keys(), ...other.keys()])) {
      const [is, was] = [other.get(i) ?? 0, of.get(i) ?? 0];
      if (!isClose(was, is))
        found.push(`row ${row}, latent ${i}: ${was.toPrecision(4)} here, ${is.toPrecision(4)} there`);
    }
  }
  return found;
}

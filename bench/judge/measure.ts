import type { CodesHeader, SparseCodes } from '#contract/codes';
import { Evaluation, type Metrics } from '../eval/evaluation.ts';
import { type Matching, matchLatents } from '../eval/matching.ts';
import { Sampler, type SparseRows } from '../sampler/sampler.ts';
import type { World } from '../world/world.ts';
import type { Encoder } from './encoder.ts';

export const EVALUATION_BATCH = 1024;
/** Batches that are under way at a time: the encoder computes while the judge draws and counts. */
const AHEAD = 4;

export interface Measurement {
  matching: Matching;
  /** By form, in the encoder's order. */
  evaluations: Map<Form, Evaluation>;
}

type Form = CodesHeader['forms'][number];

/** Hears of every batch in the deciding form. */
export type BatchListener = (truth: SparseRows, codes: SparseCodes, matching: Matching) => void;

/**
 * Draws `samples` fresh samples, has them encoded and counts, all forms in one pass. Memory does not grow with samples.
 * @throws EncoderError
 */
export async function measure(
  world: World,
  encoder: Encoder,
  { samples, seed }: { samples: number; seed: number },
  onBatch: BatchListener = () => {},
): Promise<Measurement> {
  const { decoder, header } = encoder;
  const matching = matchLatents(
    { count: header.d_sae, dim: header.d_in, data: decoder.weights },
    { count: world.numFeatures, dim: world.hiddenDim, data: world.featureVectors },
  );
  const evaluations = new Map(
    header.forms.map((form) => [form, new Evaluation(matching, decoder, world.numFeatures)]),
  );
  const sampler = new Sampler(world, seed, 'eval');
  const underWay: { truth: SparseRows; x: Float32Array }[] = [];
  const takeOne = async (): Promise<void> => {
    const batch = underWay.shift();
    if (!batch) return;
    const codes = await encoder.receive(batch.truth.rows);
    header.forms.forEach((form, i) => {
      evaluations.get(form)?.add(batch.truth, batch.x, codes[i]);
    });
    onBatch(batch.truth, codes[header.forms.indexOf(decidingForm(header.forms))], matching);
  };
  for (let start = 0, index = 0; start < samples; start += EVALUATION_BATCH, index++) {
    const rows = Math.min(EVALUATION_BATCH, samples - start);
    const x = new Float32Array(rows * world.hiddenDim);
    const truth = sampler.sample(index, rows, x);
    encoder.send(x, rows, index);
    underWay.push({ truth, x });
    if (underWay.length >= AHEAD) await takeOne();
  }
  while (underWay.length > 0) await takeOne();
  await encoder.finish();
  return { matching, evaluations };
}

/** Metrics by form, the deciding one apart. */
export function metricsOf({ evaluations }: Measurement): {
  deciding: Metrics;
  also: Record<string, Metrics>;
} {
  const deciding = decidingEvaluation({ evaluations });
  const others = [...evaluations].filter(([, evaluation]) => evaluation !== deciding);
  return {
    deciding: deciding.metrics(),
    also: Object.fromEntries(others.map(([form, evaluation]) => [form, evaluation.metrics()])),
  };
}

/** The evaluation that decides: the training form where the encoder has it, as published. */
export function decidingEvaluation({ evaluations }: Pick<Measurement, 'evaluations'>): Evaluation {
  return evaluations.get(decidingForm([...evaluations.keys()])) as Evaluation;
}

function decidingForm(forms: readonly Form[]): Form {
  return forms.includes('training') ? 'training' : forms[0];
}

import type { CodesHeader, SparseCodes } from '#contract/codes';
import { Evaluation, type Metrics } from '../eval/evaluation.ts';
import { type Matching, matchLatents } from '../eval/matching.ts';
import type { Decoder } from '../eval/reconstruction.ts';
import type { Seed } from '../random.ts';
import type { SparseRows } from '../sampler/sampler.ts';
import type { World } from '../world/world.ts';
import { answers } from './answers.ts';
import { type Encoder, EncoderError, type Opened } from './encoder.ts';
import { type FreshBatch, freshRows } from './fresh-rows.ts';

/** Limit on the cosines of latents with features, the largest table of measurements: 2 GB. */
const MAX_COSINES = 1 << 29;

export interface Measurement {
  matching: Matching;
  decoder: Decoder;
  /** By form, in the encoder's order. */
  evaluations: Map<Form, Evaluation>;
  /** By form: the share of codes that the other rows of a batch change. Set where it was checked. */
  dependence?: Map<Form, number>;
  /** Lines for a person about what was measured; set where they were asked for. */
  remarks?: string[];
}

type Form = CodesHeader['forms'][number];
/** The form whose metrics decide, as published: latents are selected over the batch. */
export const DECIDING: Form = 'training';

/** Called with every batch in the deciding form. */
export type BatchListener = (truth: SparseRows, codes: SparseCodes, matching: Matching) => void;
/**
 * Called with the activations, the answer to every batch in all forms, and the truth; `x` is not used
 * again.
 */
export type AnswerListener = (
  index: number,
  x: Float32Array,
  codes: SparseCodes[],
  truth: SparseRows,
) => void;

/**
 * Draws `samples` fresh samples, has them encoded and counts all forms in one pass. Memory does not grow
 * with samples. @throws EncoderError
 */
export async function measure(
  world: World,
  encoder: Encoder,
  { samples, seed }: { samples: number; seed: Seed },
  onBatch: BatchListener = () => {},
  onAnswer: AnswerListener = () => {},
): Promise<Measurement> {
  const { measurement, add } = counting(world, encoder);
  const deciding = encoder.header.forms.indexOf(DECIDING);
  await answers(encoder, freshRows(world, samples, seed), (batch, codes) => {
    add(batch, codes);
    onAnswer(batch.index, batch.x, codes, batch.truth);
    onBatch(batch.truth, codes[deciding], measurement.matching);
  });
  return measurement;
}

/**
 * The same for all checkpoints of an encoder, on the same rows: each is drawn and sent once, so that a
 * process which answers for several sees it no more often than one that answers for one. @throws EncoderError
 */
export async function measureTogether(
  world: World,
  encoder: Encoder,
  { samples, seed }: { samples: number; seed: Seed },
): Promise<Measurement[]> {
  const counts = encoder.opened.map((each) => counting(world, each, encoder.opened.length));
  await answers(encoder, freshRows(world, samples, seed), (batch, codes, at) => counts[at].add(batch, codes));
  return counts.map(({ measurement }) => measurement);
}

/** Counts what an encoder answers for a checkpoint, one of `of`. @throws EncoderError for too many latents */
function counting(
  world: World,
  { decoder, header }: Opened,
  of = 1,
): { measurement: Measurement; add(batch: FreshBatch, codes: SparseCodes[]): void } {
  const most = Math.floor(MAX_COSINES / of / world.numFeatures);
  if (header.d_sae > most) {
    throw new EncoderError(
      `the encoder says d_sae ${header.d_sae}; at most ${most} latents are measured in a world of ${world.numFeatures} features`,
    );
  }
  const matching = matchLatents(
    { count: header.d_sae, dim: header.d_in, data: decoder.weights },
    { count: world.numFeatures, dim: world.hiddenDim, data: world.featureVectors },
  );
  const evaluations = new Map(
    header.forms.map((form) => [form, new Evaluation(matching, decoder, world.numFeatures)]),
  );
  return {
    measurement: { matching, decoder, evaluations },
    add({ x, truth }, codes) {
      header.forms.forEach((form, i) => {
        evaluations.get(form)?.add(truth, x, codes[i]);
      });
    },
  };
}

/** Metrics by form, those of the deciding form apart. @throws EncoderError where one is not finite */
export function metricsOf({ evaluations, dependence }: Measurement): {
  deciding: Metrics;
  also: Record<string, Metrics>;
} {
  const of = (form: Form, evaluation: Evaluation): Metrics => {
    const share = dependence?.get(form);
    const metrics = finite(form, evaluation.metrics());
    return share === undefined ? metrics : { ...metrics, batch_dependence: share };
  };
  const others = [...evaluations].filter(([form]) => form !== DECIDING);
  return {
    deciding: of(DECIDING, decidingEvaluation({ evaluations })),
    also: Object.fromEntries(others.map(([form, evaluation]) => [form, of(form, evaluation)])),
  };
}

/** The evaluation in the deciding form; a header without this form is not accepted. */
export function decidingEvaluation({ evaluations }: Pick<Measurement, 'evaluations'>): Evaluation {
  return evaluations.get(DECIDING) as Evaluation;
}

/** Checks that metrics are finite: the squares of large finite codes and weights may overflow. */
export function finite<M extends Record<string, number>>(form: Form, metrics: M): M {
  const name = Object.keys(metrics).find((key) => !Number.isFinite(metrics[key]));
  if (name === undefined) return metrics;
  throw new EncoderError(
    `the encoder's codes or decoder are too large in the ${form} form: its reconstruction overflows, so ${name} is not a number`,
  );
}

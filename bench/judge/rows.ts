import type { CodesHeader, SparseCodes } from '#contract/codes';
import { OWN_FAULT, UserError } from '#contract/errors';
import { sampleHeldOut } from '../activations/held-out.ts';
import { type Probed, probedLabels } from '../activations/labels.ts';
import type { Rotation } from '../activations/rotation.ts';
import { RowReader } from '../activations/row-reader.ts';
import { openRowsWorld, type RowsWorld } from '../activations/world.ts';
import { RowsEvaluation } from '../eval/rows-evaluation.ts';
import { type CodeTable, codeTable, MOST_CODES } from '../probing/code-table.ts';
import { type Label, type Probe, probes } from '../probing/probe.ts';
import { answers, type Batch } from './answers.ts';
import { EncoderError } from './encoder.ts';
import { withEncoder } from './encoders.ts';
import { EVALUATION_BATCH } from './fresh-rows.ts';
import { DECIDING, finite } from './measure.ts';
import { ours } from './own-fault.ts';
import type { CaseOptions, Subject } from './subject.ts';

type Form = CodesHeader['forms'][number];

/**
 * Labels that are probed for, at most, in latents. Where there are more labels than latents, the best latent
 * of a label is often one of another label, and what is measured is what latents can be shared.
 */
const LABELS_PER_LATENT = 1 / 2;

/** What a checkpoint was measured to be on rows that are held out. */
export interface RowsMeasurement {
  /** By form, in the encoder's order. */
  evaluations: Map<Form, RowsEvaluation>;
  /** In the deciding form. */
  probes: Probe[];
  probed: Probed;
  /** The rows that were measured, by their numbers in the folder; what each has, and its codes. */
  places: Float64Array;
  labels: Label[];
  table: CodeTable;
  /** Rows that were measured: fewer than were asked for, where fewer are held out. */
  samples: number;
  width: number;
  /** By form: the share of codes that the other rows of a batch change. Set where it was checked. */
  dependence?: Map<Form, number>;
  /** Lines for a person about what was measured; set where they were asked for. */
  remarks?: string[];
}

export interface RowsAsked {
  invariance?: boolean;
  /** Set: its form in Python is remarked on, and tried where this is so (python/of-run.ts). */
  remarks?: (measured: RowsMeasurement) => boolean;
}

/** A run, or a saved SAE, that is judged on the rows that its world holds out. */
export interface RowsCase {
  subject: Subject;
  world: RowsWorld;
  probed: Probed;
  isSecret: boolean;
  measure(file: string, samples: number, asked?: RowsAsked): Promise<RowsMeasurement>;
}

/** @throws UserError for a folder that cannot be read */
export async function openRowsCase(subject: Subject, options: CaseOptions): Promise<RowsCase> {
  const secret = subject.folder?.run.secretWorld;
  const open = async () => {
    const world = openRowsWorld(subject.world);
    return { world, probed: probedLabels(world.folder, world.activations, world.split) };
  };
  // The encoder has not been started yet.
  const opened = secret === undefined ? await open() : await ours(open);
  const { world } = opened;
  if (secret !== undefined && secret !== world.hash)
    throw new UserError(
      `${subject.world}: is not the secret world that ${subject.name} was trained on`,
      OWN_FAULT,
    );
  return {
    subject,
    ...opened,
    isSecret: secret !== undefined,
    measure: (file, samples, asked = {}) =>
      measureRows({ subject, ...opened }, file, samples, asked, options),
  };
}

async function measureRows(
  { subject, world, probed }: Pick<RowsCase, 'subject' | 'world' | 'probed'>,
  file: string,
  asked: number,
  { invariance = false, remarks }: RowsAsked,
  options: CaseOptions,
): Promise<RowsMeasurement> {
  const { activations, split, rotate } = world;
  const { places, half } = sampleHeldOut(activations, split, options.seed, asked);
  const reader = new RowReader(activations);
  const samples = places.length;
  return subject.encoded([file], async (encoding) => {
    const how = { d: activations.d, samples, invariance, remarks };
    const { measured, ...found } = await withEncoder(
      encoding,
      how,
      options,
      async (encoder, answered): Promise<RowsMeasurement> => {
        const { header, decoder } = encoder;
        const evaluations = new Map(header.forms.map((form) => [form, new RowsEvaluation(decoder)]));
        const kept = new Kept();
        await answers(encoder, batchesOf(reader, places, rotate), ({ index, x }, codes) => {
          header.forms.forEach((form, i) => {
            evaluations.get(form)?.add(x, codes[i]);
          });
          kept.add(codes[header.forms.indexOf(DECIDING)]);
          answered(index, x, codes);
        });
        const { d_sae: width } = header;
        const table = codeTable(kept.batches, width);
        const labels = probed.labels(places, Math.floor(LABELS_PER_LATENT * width));
        return {
          ...{ evaluations, probed, samples, width, places, labels, table },
          probes: probes(table, labels, half),
        };
      },
    );
    return { ...measured, ...found };
  });
}

function* batchesOf(reader: RowReader, places: Float64Array, rotate: Rotation | null): Generator<Batch> {
  for (let from = 0, index = 0; from < places.length; from += EVALUATION_BATCH, index++) {
    const own = places.subarray(from, from + EVALUATION_BATCH);
    const x = ourRows(reader, own);
    rotate?.(x, own.length);
    yield { index, rows: own.length, x };
  }
}

/** No run can damage a row that is held out. @throws UserError with the exit code `OWN_FAULT` */
function ourRows(reader: RowReader, places: Float64Array): Float32Array {
  try {
    return reader.x(places);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.message, OWN_FAULT);
  }
}

/** The codes of all batches, as far as there is memory for them. */
class Kept {
  readonly batches: SparseCodes[] = [];
  private codes = 0;

  add(codes: SparseCodes): void {
    this.codes += codes.indices.length;
    if (this.codes > MOST_CODES)
      throw new EncoderError(
        `the encoder answers more than ${MOST_CODES} codes; that many are not probed: its L0 is too high`,
        2,
      );
    this.batches.push(codes);
  }
}

/** Metrics by form, those of the deciding form apart. @throws EncoderError where one is not finite */
export function rowMetricsOf({ evaluations, probes: found, dependence }: RowsMeasurement): {
  deciding: Record<string, number>;
  also: Record<string, Record<string, number>>;
} {
  const all = [...evaluations].map(([form, evaluation]): [Form, Record<string, number>] => {
    const share = dependence?.get(form);
    const metrics = finite(form, evaluation.metrics());
    return [form, share === undefined ? metrics : { ...metrics, batch_dependence: share }];
  });
  const deciding = all.find(([form]) => form === DECIDING)?.[1];
  return {
    deciding: { ...meansOf(found), probes: found.length, ...deciding },
    also: Object.fromEntries(all.filter(([form]) => form !== DECIDING)),
  };
}

/** The means over labels, each counted once. */
export function meansOf(
  found: readonly Probe[],
): Record<'probe_f1' | 'probe_f1_cut' | 'probe_f1_16', number> {
  const mean = (of: (probe: Probe) => number): number =>
    found.reduce((sum, probe) => sum + of(probe), 0) / Math.max(1, found.length);
  return {
    probe_f1: mean((probe) => probe.single),
    probe_f1_cut: mean((probe) => probe.cut),
    probe_f1_16: mean((probe) => probe.several),
  };
}

import type { CodesHeader, SparseCodes } from '#contract/codes';
import { Random, type Seed } from '../random.ts';
import { type Encoder, EncoderError } from './encoder.ts';

type Form = CodesHeader['forms'][number];

/** A batch that is asked again: its rows x, and what the measured encoder answered, in each form. */
export interface Probe {
  x: Float32Array;
  rows: number;
  codes: SparseCodes[];
}

const PROBES = 4;
/**
 * Share of codes that may differ where nothing may: rounding differs with a row's place, and two codes may be
 * as good as equal.
 */
const SAME = 0.002;
/** Two codes are equal within this share of the larger one. */
const CLOSE = 0.01;

/** Which of `batches` batches are asked again: one at random of each quarter. */
export function probedBatches(batches: number, seed: Seed): Set<number> {
  const random = new Random(seed, 'probed batches', 0);
  const count = Math.min(PROBES, batches);
  return new Set(
    Array.from({ length: count }, (_, i) => {
      const [from, to] = [i, i + 1].map((edge) => Math.floor((edge * batches) / count));
      return from + Math.floor(random.uniform() * (to - from));
    }),
  );
}

/**
 * Asks a second process of the same encoder again: batches as they were, one of them once more and with its
 * rows in another order, and rows of all of them mixed. Nothing that the measured process saw before, and no
 * order of rows, may change a code; in the inference form neither may the other rows of a batch. Returns by
 * form the share of codes that other rows in the batch change (BatchTopK selects over its batch, so its
 * training form has one).
 * @throws EncoderError with exit code 2 where a code changes that may not
 */
export async function checkInvariance(
  fresh: Encoder,
  probes: readonly Probe[],
  seed: Seed,
): Promise<Map<Form, number>> {
  const random = new Random(seed, 'invariance', 0);
  const [first, ...others] = shuffled(probes, random);
  const { forms } = fresh.header;
  let asked = 0;
  const ask = async (rows: readonly Row[]): Promise<number[]> => {
    const d = fresh.decoder.bias.length;
    const x = new Float32Array(rows.length * d);
    rows.forEach(({ probe, row }, i) => {
      x.set(probe.x.subarray(row * d, (row + 1) * d), i * d);
    });
    fresh.send(x, rows.length, asked++);
    const answers = await fresh.receive(rows.length);
    return answers.map((codes, form) => difference(codes, rows, form));
  };
  const same = async (rows: readonly Row[], why: string): Promise<void> => {
    (await ask(rows)).forEach((share, form) => {
      if (share > SAME) throw changed(share, forms[form], why);
    });
  };
  // Memory comes first: it would show as dependence on anything.
  for (const probe of [first, ...others])
    await same(rowsOf(probe), `when it is asked a batch in a process of its own: ${MEMORY}`);
  await same(rowsOf(first), `when it is asked a batch again after others: ${MEMORY}`);
  await same(shuffled(rowsOf(first), random), `when the rows of a batch change places: ${ORDER}`);
  // Where there is one batch alone, half of it is a batch of other company.
  const mixed = probes.flatMap((probe) =>
    shuffled(rowsOf(probe), random).slice(0, Math.ceil(probe.rows / Math.max(2, probes.length))),
  );
  const dependence = await ask(shuffled(mixed, random));
  const alone = forms.indexOf('inference');
  if (alone >= 0 && dependence[alone] > SAME) throw changed(dependence[alone], 'inference', COMPANY);
  await fresh.finish();
  return new Map(forms.map((form, i) => [form, dependence[i]]));
}

const MEMORY = 'it remembers earlier batches';
const ORDER = 'it depends on the order of rows';
const COMPANY = 'when other rows are in the batch, and that form encodes each row by itself';

function changed(share: number, form: Form, why: string): EncoderError {
  const percent = Number((100 * share).toPrecision(2));
  return new EncoderError(
    `the encoder is refused: ${percent} % of its codes in the ${form} form change ${why}. A code may depend on the checkpoint, on its row, and in the training form on the set of rows in its batch`,
    2,
  );
}

interface Row {
  probe: Probe;
  row: number;
}

const rowsOf = (probe: Probe): Row[] => Array.from({ length: probe.rows }, (_, row) => ({ probe, row }));

/** The share of codes that differ from those that the rows got before, of all that one of the two has. */
function difference(codes: SparseCodes, rows: readonly Row[], form: number): number {
  let [all, different] = [0, 0];
  rows.forEach(({ probe, row }, i) => {
    const before = probe.codes[form];
    let [a, b] = [codes.offsets[i], before.offsets[row]];
    const [endA, endB] = [codes.offsets[i + 1], before.offsets[row + 1]];
    // Both are in ascending order of latents. A code of 0 does not fire, so it is as good as none.
    while (a < endA || b < endB) {
      const latentA = a < endA ? codes.indices[a] : Number.POSITIVE_INFINITY;
      const latentB = b < endB ? before.indices[b] : Number.POSITIVE_INFINITY;
      const now = latentA <= latentB ? codes.values[a++] : 0;
      const was = latentB <= latentA ? before.values[b++] : 0;
      const larger = Math.max(Math.abs(now), Math.abs(was));
      if (larger > 0) all++;
      if (Math.abs(now - was) > CLOSE * larger) different++;
    }
  });
  return different / Math.max(1, all);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

import type { CodesHeader, SparseCodes } from '#contract/codes';
import { builtCommand } from '#host/built/built';
import { sandboxByHand } from '#host/by-hand';
import { type Answer, pythonRemarks } from '../python/of-run.ts';
import { Encoder } from './encoder.ts';
import { EVALUATION_BATCH } from './fresh-rows.ts';
import { checkInvariance, type Probe, probedBatches } from './invariance.ts';
import type { CaseOptions, Encoding } from './subject.ts';

type Form = CodesHeader['forms'][number];

/** Called with each batch and the answer to it in all forms; `x` is not used again. */
export type Answered = (index: number, x: Float32Array, codes: SparseCodes[]) => void;

export interface Encoded<T> {
  /** Numbers of a row. */
  d: number;
  /** Rows that will be asked in all. */
  samples: number;
  /** Whether a second process of the encoder has to give the same codes (invariance.ts). */
  invariance: boolean;
  /**
   * Set: the run's encoder in Python is remarked on, and held to it where the measurement may be a new best
   * (python/of-run.ts).
   */
  remarks?: (measured: T) => boolean;
}

/**
 * Starts the encoder of a checkpoint, does `measuring` with it and ends it. Where its invariance is asked
 * for, a second process of it starts beside the first and answers last; `dependence` is then the share of
 * codes that other rows in the batch change, by form. `remarks`: what was found about its form in Python.
 * Before `question` nothing of it is written, nor thrown once the encoders have got rows.
 * @throws EncoderError, and UserError where the encoder may not run because there is no sandbox
 */
export async function withEncoder<T>(
  encoding: Encoding,
  { d, samples, invariance, remarks: mayBeBest }: Encoded<T>,
  { seed, stallSeconds, onRows, onReady, question, sandbox: chosen = 'auto' }: CaseOptions,
  measuring: (encoder: Encoder, onAnswer: Answered) => Promise<T>,
): Promise<{ measured: T; dependence?: Map<Form, number>; remarks?: string[] }> {
  const sandbox = await sandboxByHand(process.cwd(), chosen);
  const repo = process.cwd();
  const { cwd } = encoding;
  const plain = { words: encoding.argv, readable: encoding.readable ?? [] };
  // Both processes run the same files, which neither can change.
  const { words: argv, readable } = await builtCommand({ repo, sandbox, cwd }, plain);
  const start = (log: string): Promise<Encoder> =>
    Encoder.start(
      { ...encoding, argv, readable, log, logAfter: question?.asked, sandbox, stallSeconds },
      d,
      EVALUATION_BATCH,
    );
  const logs = [encoding.log, ...(invariance ? [encoding.log.replace(/\.log$/, '-again.log')] : [])];
  const started = await Promise.allSettled(logs.map(start));
  const encoders = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = () => Promise.all(encoders.map((encoder) => encoder.stop()));
  let isReady = false;
  try {
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    const [encoder, fresh] = encoders;
    isReady = true;
    onReady?.();
    const asked = probedBatches(Math.ceil(samples / EVALUATION_BATCH), seed);
    const probes: Probe[] = [];
    let counted = 0;
    let first: Answer | undefined;
    const measure = async () => {
      const measured = await measuring(encoder, (index, x, codes) => {
        counted += codes[0].rows;
        onRows?.(counted, samples);
        if (mayBeBest && index === 0) first = { x, codes };
        if (fresh && asked.has(index)) probes.push({ x, rows: codes[0].rows, codes });
      });
      return { measured, dependence: fresh && (await checkInvariance(fresh, probes, seed)) };
    };
    const measuredNow = measure();
    const { measured, dependence } = await (question?.meanwhile(measuredNow) ?? measuredNow);
    await question?.wait();
    const remarks =
      mayBeBest &&
      (await pythonRemarks(encoding, encoder, first, { repo, sandbox, mayBeBest: mayBeBest(measured) }));
    return { measured, ...(dependence && { dependence }), ...(remarks && { remarks }) };
  } catch (error) {
    // An encoder that fails may say what it thinks of the rows: that waits as what was measured does.
    await stop();
    if (isReady) await question?.wait();
    throw error;
  } finally {
    await stop();
  }
}

import { basename } from 'node:path';
import { type Planned, planned, type StepOptions } from './plan.ts';
import { type Answer, runCase } from './run.ts';

/** Multiply-adds per second of this machine's best dense product, and what that product is. */
export interface Ceiling {
  multiplyAddsPerSecond: number;
  of: string;
}

export type StepLine = { name: string; ms: number; [more: string]: number | string };

/**
 * Times all planned cases and yields one line per measurement. `ratio` is the speedup over plain tfjs of
 * the same size in the same call.
 */
export async function* benchStep(options: StepOptions, ceiling: Ceiling): AsyncGenerator<StepLine> {
  let plain: { size: string; ms: number } | null = null;
  for (const step of planned(options)) {
    const { experiment, settings, threads, world } = step.asked;
    const answer = await runCase(step.asked);
    const size = `${experiment} ${settings.join(' ')}`;
    if (step.asked.plain) plain = { size, ms: answer.ms.step };
    yield {
      ...lineOf(step, answer, ceiling),
      world: basename(world, '.json'),
      ...(threads !== null && { threads }),
      ...(plain?.size === size && { ratio: plain.ms / answer.ms.step }),
    };
  }
}

/** Names of operations whose work is sparse where the engine makes it so; so are all gradients. */
const SPARSE = ['batchTopK', 'decode', 'decodeBands'];

export function lineOf(
  { title, encodes }: Pick<Planned, 'title' | 'encodes'>,
  { ms, batch, d_in, d_sae, ...answer }: Answer,
  ceiling: Ceiling,
): StepLine {
  const encode = batch * d_in * d_sae;
  const share = (multiplyAdds: number, milliseconds: number): number =>
    (multiplyAdds / milliseconds) * (1000 / ceiling.multiplyAddsPerSecond);
  return {
    name: title,
    ms: ms.step,
    samplesPerSecond: (batch * 1000) / ms.step,
    msCpu: ms.cpu,
    msSampling: ms.sampling,
    msWaiting: ms.waiting,
    msEncodes: ms.operations.encode ?? 0,
    msSparse: SPARSE.reduce((sum, op) => sum + (ms.operations[op] ?? 0), ms.backward),
    msForward: ms.forward,
    msBackward: ms.backward,
    msOptimiser: ms.optimiser,
    msOneEncode: ms.encode,
    stepOverEncodes: ms.step / (encodes * ms.encode),
    encodeShareOfCeiling: share(encode, ms.encode),
    stepShareOfCeiling: share(encodes * encode, ms.step),
    ceiling: ceiling.of,
    peakMegabytes: answer.peakBytes / 2 ** 20,
    firstStepMs: answer.firstStepMs,
    ...(answer.device && {
      launches: answer.device.launches,
      reads: answer.device.reads,
      bytesReadBack: answer.device.bytesRead,
      bytesSent: answer.device.bytesWritten,
    }),
    d_in,
    d_sae,
    batch,
    loss: answer.loss,
    backend: answer.backend,
  };
}

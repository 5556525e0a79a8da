import { basename } from 'node:path';
import type { Line } from '../timing.ts';
import { boundsOf } from './bounds.ts';
import { type Planned, planned, type StepOptions } from './plan.ts';
import { type Answer, type KernelLine, runCase } from './run.ts';

/** Multiply-adds per second of this machine's best dense product, and what that product is. */
export interface Ceiling {
  multiplyAddsPerSecond: number;
  of: string;
}

export type StepLine = Line & { kernels?: KernelLine[] };

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
      ...{ recipe: step.recipe, plain: step.asked.plain, npmAlone: step.asked.npmAlone },
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
  answer: Answer,
  ceiling: Ceiling,
): StepLine {
  const { ms, batch, d_in, d_sae } = answer;
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
    ...ownParts(ms),
    msOneEncode: ms.encode,
    stepOverEncodes: ms.step / (encodes * ms.encode),
    encodeShareOfCeiling: share(encode, ms.encode),
    stepShareOfCeiling: share(encodes * encode, ms.step),
    ceiling: ceiling.of,
    peakMegabytes: answer.peakBytes / 2 ** 20,
    firstStepMs: answer.firstStepMs,
    ...(answer.device && onDevice(answer, answer.device, encodes)),
    d_in,
    d_sae,
    batch,
    loss: answer.loss,
    backend: answer.backend,
  };
}

/** The parts of a step that this process computes, or waits for. */
function ownParts({ forward, backward, optimiser, thread, operations }: Answer['ms']): Partial<StepLine> {
  return {
    ...(thread !== null && { msThread: thread }),
    ...(forward !== null &&
      backward !== null &&
      optimiser !== null && {
        msEncodes: operations.encode ?? 0,
        msSparse: SPARSE.reduce((sum, op) => sum + (operations[op] ?? 0), backward),
        msForward: forward,
        msBackward: backward,
        msOptimiser: optimiser,
      }),
  };
}

/** What a step does on a device beside what it has to do at least, and its kernels where it is replayed. */
function onDevice(
  answer: Answer,
  { launches, reads, bytesRead, bytesWritten, replayed, kernels }: NonNullable<Answer['device']>,
  encodes: number,
): Partial<StepLine> {
  const sum = (of: (kernel: KernelLine) => number) => kernels.reduce((all, kernel) => all + of(kernel), 0);
  return {
    ...{ launches, reads, bytesReadBack: bytesRead, bytesSent: bytesWritten, replayed },
    ...(kernels.length > 0 && {
      flops: sum(({ flops }) => flops),
      bytesMoved: sum(({ bytesRead, bytesWritten }) => bytesRead + bytesWritten),
      msKernels: sum(({ ms }) => ms),
      kernels,
    }),
    bounds: boundsOf(answer, encodes),
  };
}

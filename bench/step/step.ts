import { basename, join } from 'node:path';
import { locateReleased } from '../hub/released.ts';
import { type Answer, type Case, runCase } from './run.ts';

/** Sizes of the published model; its directions are as drawn where the released ones are not here. */
const FULL_SIZE = join(import.meta.dirname, 'full-size.json');

export interface StepOptions {
  backend: string;
  /** Widths at full size (d_in 768, batch 1024). */
  widths: readonly number[];
  /** Thread counts of the engine; empty leaves them to it. */
  threads: readonly number[];
  /** The dense tfjs form too: it takes a minute. */
  yardstick: boolean;
  /** Multiply-adds a second of this machine's best dense product, and what it is. */
  ceiling: { multiplyAddsPerSecond: number; of: string };
}

export type StepLine = { name: string; ms: number; [more: string]: number | string };

/** The world in the line is the one measured, which full size chooses for itself. */
const inWorld = (world: string, line: StepLine): StepLine => ({ ...line, world: basename(world, '.json') });

/** What is timed: the two ends of the published path. k is constant, so that every step is the same work. */
const RECIPES = [
  { name: 'BatchTopK', experiment: 'baseline_batchtopk', encodes: 1, settings: () => [] },
  {
    name: 'LISTA-Matryoshka',
    experiment: 'default',
    encodes: 2,
    settings: (width: number) => [
      'initial_k=null',
      'transition_k_duration_fraction=null',
      `matryoshka_widths=${JSON.stringify([width / 32, width / 8, width / 2])}`,
    ],
  },
];

/** One line a case, as they are measured: the small world, then full size, each beside plain tfjs if that is asked for. */
export async function* benchStep(options: StepOptions): AsyncGenerator<StepLine> {
  const common = { backend: options.backend, plain: false, threads: null, warmUp: 3, steps: 10 };
  for (const { name, experiment, encodes, settings } of RECIPES) {
    const small = { world: 'small', profile: 'small', settings: settings(128) };
    const answer = await runCase({ ...common, ...small, experiment, warmUp: 20, steps: 100 });
    yield inWorld('small', lineOf(`step ${name}`, answer, encodes, options));
  }
  const full = { world: locateReleased() ? 'synth-16k' : FULL_SIZE, profile: '16k' };
  const threads = options.threads.length > 0 ? options.threads : [null];
  for (const { name, experiment, encodes, settings } of RECIPES) {
    for (const width of options.widths) {
      const sized = { ...common, ...full, experiment, settings: [`d_sae=${width}`, ...settings(width)] };
      const plain = options.yardstick ? await yardstick(sized) : null;
      const line = (title: string, answer: Answer) =>
        inWorld(full.world, lineOf(title, answer, encodes, options));
      if (plain) yield { ...line(`step plain tfjs ${name}`, plain), ratio: 1 };
      for (const count of threads) {
        const answer = await runCase({ ...sized, threads: count });
        yield {
          ...line(`step ${name}`, answer),
          ...(count !== null && { threads: count }),
          ...(plain && { ratio: plain.ms.step / answer.ms.step }),
        };
      }
    }
  }
}

/** tfjs' own fastest CPU backend without anything of ours. One step: it takes half a minute, and no warming up helps. */
const yardstick = (sized: Case): Promise<Answer> =>
  runCase({ ...sized, backend: 'wasm', plain: true, warmUp: 0, steps: 1 });

/** Names of operations whose work is sparse where the engine makes it so; so are all gradients. */
const SPARSE = ['batchTopK', 'decode', 'decodeBands'];

export function lineOf(name: string, answer: Answer, encodes: number, options: StepOptions): StepLine {
  const { ms, batch, d_in, d_sae } = answer;
  const encode = batch * d_in * d_sae;
  const share = (multiplyAdds: number, milliseconds: number): number =>
    (multiplyAdds / milliseconds) * (1000 / options.ceiling.multiplyAddsPerSecond);
  return {
    name,
    ms: ms.step,
    samplesPerSecond: (batch * 1000) / ms.step,
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
    ceiling: options.ceiling.of,
    peakMegabytes: answer.peakBytes / 2 ** 20,
    firstStepMs: answer.firstStepMs,
    d_in,
    d_sae,
    batch,
    loss: answer.loss,
    backend: answer.backend,
  };
}

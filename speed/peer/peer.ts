import type { Answer, Case } from '../step/run.ts';
import type { Device, Peer } from './ask.ts';
import { lineOf, type PeerLine, type Rounds } from './compare.ts';

/** What is compared, by the names of the option that chooses among them. */
export const PARTS = ['batchtopk', 'lista', 'sampler'] as const;
export type Part = (typeof PARTS)[number];

export interface PeerOptions {
  parts: readonly Part[];
  /** How often each is measured, in turn with the others. */
  rounds: number;
  /** Seconds of each measurement. */
  seconds: number;
  /** Rows of a batch. */
  batch: number;
  /** Where and as what our trainer trains. */
  sizes: Pick<Case, 'profile' | 'profileSettings' | 'world' | 'backend' | 'sandbox' | 'sampler'>;
  /** Whether a library for dense products is used here, so that we are measured with it and without. */
  hasBlas: boolean;
}

interface LoopParts {
  peer: Pick<Peer, 'info' | 'time'>;
  /** Our trainer, on our data service. */
  step(asked: Case): Promise<Answer>;
  /** Milliseconds of a batch from our sampler on all threads. */
  sample(seconds: number): Promise<number>;
}

/** The two ends of the published path. k is constant, so that every step is the same work. */
const RECIPES: Record<Exclude<Part, 'sampler'>, { title: string; experiment: string; settings: string[] }> = {
  batchtopk: { title: 'BatchTopK', experiment: 'baseline_batchtopk', settings: [] },
  lista: {
    title: 'LISTA-Matryoshka',
    experiment: 'default',
    settings: ['initial_k=null', 'transition_k_duration_fraction=null'],
  },
};
/** Steps before the first that counts: our JavaScript is compiled meanwhile, once in a run. */
const WARM_UP = 20;
/** Steps of a measurement: enough for a median, and no more than a pipe's buffers matter. */
const [FEW, MANY] = [5, 500];

/**
 * Measures SAELens and ourselves in turn, so that what else the machine does falls on both, and yields a line
 * for each thing and device that SAELens has. SAELens trains with the settings that our trainer says it has.
 */
export async function* comparePeer(options: PeerOptions, parts: LoopParts): AsyncGenerator<PeerLine> {
  for (const part of options.parts) {
    if (part === 'sampler') yield* compareSampler(options, parts);
    else {
      for (const data of [true, false]) yield* compareStep(part, data, options, parts);
    }
  }
}

async function* compareSampler(
  { rounds, seconds, batch }: PeerOptions,
  { peer, sample }: LoopParts,
): AsyncGenerator<PeerLine> {
  const ours: number[] = [];
  const theirs = await inTurns(
    { rounds, devices: peer.info.devices },
    (device, bf16) => peer.time({ what: 'sampler', device, bf16, batch }, seconds),
    async () => void ours.push(await sample(seconds)),
  );
  for (const [device, found] of theirs) {
    yield lineOf({ name: 'sampler', device, batch }, { peer: found, ours: { npm: ours } });
  }
}

async function* compareStep(
  part: Exclude<Part, 'sampler'>,
  data: boolean,
  { rounds, seconds, batch, sizes, hasBlas }: PeerOptions,
  { peer, step }: LoopParts,
): AsyncGenerator<PeerLine> {
  const { title, experiment, settings } = RECIPES[part];
  const asked = { ...sizes, experiment, settings, plain: false, threads: null, resident: !data };
  const first = await step({ ...asked, npmAlone: false, warmUp: WARM_UP, steps: FEW });
  const steps = Math.min(MANY, Math.max(FEW, Math.round((seconds * 1000) / first.ms.step)));
  const ours = { blas: [] as number[], npm: [] as number[] };
  const train = async (npmAlone: boolean) => {
    const { ms } = await step({ ...asked, npmAlone, warmUp: WARM_UP, steps });
    ours[npmAlone ? 'npm' : 'blas'].push(ms.step);
  };
  const { architecture } = first;
  const theirs = await inTurns(
    { rounds, devices: peer.info.devices },
    (device, bf16) =>
      peer.time({ what: 'step', device, bf16, batch, architecture, settings: first.settings, data }, seconds),
    ...(hasBlas ? [() => train(false)] : []),
    () => train(true),
  );
  const name = `${title}${data ? '' : ' without data'}`;
  const measured = hasBlas ? ours : { npm: ours.npm };
  for (const [device, found] of theirs) {
    yield {
      ...lineOf({ name, device, batch }, { peer: found, ours: measured }),
      ...{ d_in: first.d_in, d_sae: first.d_sae, batch, backend: first.backend },
    };
  }
}

/** All of SAELens' forms and all of ours, one after the other, round by round. */
async function inTurns(
  { rounds, devices }: { rounds: number; devices: readonly Device[] },
  time: (device: Device, bf16: boolean) => Promise<number[]>,
  ...ours: (() => Promise<void>)[]
): Promise<Map<Device, Rounds['peer']>> {
  const found = new Map(devices.map((device) => [device, { fp32: [], bf16: [] } as Rounds['peer']]));
  for (let round = 0; round < rounds; round++) {
    const left = [...ours];
    for (const [device, { fp32, bf16 }] of found) {
      fp32.push(...(await time(device, false)));
      await left.shift()?.();
      bf16.push(...(await time(device, true)));
    }
    for (const one of left) await one();
  }
  return found;
}

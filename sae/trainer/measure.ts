import { deviceCounts, type KernelWork, replayedWork, timeKernels } from '#engine/device-counts';
import { timeOperations } from '#engine/operation';
import { threadClock } from '#engine/thread-time';
import { held } from '#engine/tracking';
import type { Architecture } from '../architecture.ts';
import type { Resolved } from '../settings.ts';
import { DeadLatents } from './dead-latents.ts';
import { nextOf, timeEncode, timeSampling } from './measure-alone.ts';
import type { Batches } from './plan.ts';
import { createModel } from './step.ts';
import { stepsOf } from './steps.ts';

/** Milliseconds of a step, with the wait for its batch, and of its parts. */
type StepTimes = Record<'step' | 'waiting' | 'forward' | 'backward' | 'optimiser', number>;
type Operations = Record<string, number>;

export interface Measurement {
  /**
   * Means over the middle half of the steps by their time, so that the parts add up to the step. On a device
   * that is read only at the end, means over all steps, whose parts run there (`device.kernels`): null.
   */
  ms: Pick<StepTimes, 'step' | 'waiting'> &
    Record<'forward' | 'backward' | 'optimiser', number | null> & {
      /** Processor time of a step on all cores: comparable on a busy machine. A mean over all steps. */
      cpu: number;
      /** That of the thread that runs JavaScript, with what the driver does in its calls; null if unknown. */
      thread: number | null;
      /** One batch from the data service while nothing else computes. */
      sampling: number;
      /** An encoder's dense product [rows, d_in] × [d_in, d_sae] alone. */
      encode: number;
      /** The named operations of the forward pass, by name. */
      operations: Operations;
    };
  /** From the start of the process to the end of the first step. */
  firstStepMs: number;
  /** Loss of the last step. */
  loss: number;
  /** What a step does on a device; null where the backend counts nothing. */
  device: DeviceStep | null;
}

/** What a step does on a device: means over all steps that were measured. */
interface DeviceStep {
  /** Kernels that a step starts. */
  launches: number;
  /** How often a step reads numbers back. */
  reads: number;
  /** Bytes that a step reads back. */
  bytesRead: number;
  /** Bytes that a step sends to the device. */
  bytesWritten: number;
  /** The share of the steps that were replayed without their code. */
  replayed: number;
  /** The kernels of a replayed step, with the milliseconds of all launches of each on the device itself. */
  kernels: (KernelWork & { ms: number })[];
}

/** Steps after the warm-up in which a device begins to replay, if it ever does. */
const UNTIL_REPLAYED = 8;
/** Encodes that are timed together on a device that is read only at the end. */
const ENCODES_IN_A_ROW = 20;
/** Steps over which the times of kernels are taken. */
const TIMED = 3;

/**
 * Trains some steps as train.ts does, without its files, and times their parts. On a GPU that is read back,
 * work is counted in the part that waits for it.
 */
export function measureSteps(
  architecture: Architecture,
  { sae, trainer }: Resolved,
  data: Batches,
  random: () => number,
  { warmUp, steps }: { warmUp: number; steps: number },
): Measurement {
  let forward = 0;
  let updating = 0;
  let operations: Operations = {};
  const timed: Architecture = {
    ...architecture,
    trainingPass(pass) {
      const started = performance.now();
      const { result, ms } = timeOperations(() => architecture.trainingPass(pass));
      forward = performance.now() - started;
      operations = ms;
      return result;
    },
  };
  const model = createModel(timed, sae, architecture.init(sae, random), trainer);
  const update = model.adam.step.bind(model.adam);
  model.adam.step = (gradients, rate) => {
    updating = performance.now();
    return update(gradients, rate);
  };
  const dead = new DeadLatents(held(new Float64Array(sae.d_sae)), trainer.dead_feature_window);
  const { d } = data.header;
  const training = stepsOf(model, dead, d, warmUp + UNTIL_REPLAYED + steps + TIMED);
  const thread = threadClock();
  let step = 0;
  let onThread = 0;

  const oneStep = (): StepTimes => {
    const began = performance.now();
    const { x, rows } = nextOf(data);
    const arrived = performance.now();
    const before = thread?.() ?? 0;
    training.run({
      ...{ x, rows, step, learningRate: trainer.lr, multiplier: 1, firstLoss: null, measure: false },
    });
    onThread += (thread?.() ?? 0) - before;
    step++;
    const ended = performance.now();
    return {
      step: ended - began,
      waiting: arrived - began,
      forward,
      backward: updating - arrived - forward,
      optimiser: ended - updating,
    };
  };
  const several = (count: number) => Array.from({ length: count }, () => ({ times: oneStep(), operations }));

  const counts = () => ({ ...deviceCounts(), ...training.counts });
  const first = several(1);
  training.result();
  const firstStepMs = performance.now();
  several(Math.max(0, warmUp - first.length));
  for (let i = 0; training.counts?.replayed === 0 && i < UNTIL_REPLAYED; i++) several(1);
  training.result();
  const [began, cpuBefore, countsBefore] = [performance.now(), process.cpuUsage(), counts()];
  onThread = 0;
  const all = several(steps);
  const countsAfter = counts();
  // On a device the steps are only queued until now.
  const { loss } = training.result();
  const wall = (performance.now() - began) / steps;
  const { user, system } = process.cpuUsage(cpuBefore);
  const { areLazy } = training;
  const middle = areLazy ? all : middleHalf(all, ({ times }) => times.step);
  const parts = means(middle.map(({ times }) => times));
  const device = perStep(countsBefore, countsAfter, steps);
  const threadMs = onThread / steps;
  const kernels = areLazy ? kernelsOf(() => several(TIMED)) : [];
  training.dispose();
  const ms = {
    ...parts,
    ...(areLazy && { step: wall, forward: null, backward: null, optimiser: null }),
    cpu: (user + system) / 1000 / steps,
    thread: thread && threadMs,
    operations: areLazy ? {} : means(middle.map(({ operations }) => operations)),
    encode: timeEncode(model, nextOf(data), d, areLazy ? ENCODES_IN_A_ROW : 1),
    sampling: timeSampling(data, steps),
  };
  return { ms, firstStepMs, loss, device: device && { ...device, kernels } };
}

type Counts = Partial<NonNullable<ReturnType<typeof deviceCounts>> & { replayed: number }>;

function perStep(before: Counts, after: Counts, steps: number): Omit<DeviceStep, 'kernels'> | null {
  if (before.launches === undefined) return null;
  const of = (key: keyof Counts) => ((after[key] ?? 0) - (before[key] ?? 0)) / steps;
  return {
    launches: of('launches'),
    reads: of('reads'),
    bytesRead: of('bytesRead'),
    bytesWritten: of('bytesWritten'),
    replayed: of('replayed'),
  };
}

/** The kernels of a replayed step and their times in `steps`. */
function kernelsOf(steps: () => void): DeviceStep['kernels'] {
  const times = timeKernels(steps);
  return (replayedWork() ?? []).map((work) => ({ ...work, ms: (times[work.name] ?? 0) / TIMED }));
}

/** Without the slowest and the fastest quarter: the steps that other programs disturbed. */
function middleHalf<T>(items: readonly T[], of: (item: T) => number): T[] {
  const sorted = [...items].sort((a, b) => of(a) - of(b));
  const quarter = Math.floor(items.length / 4);
  return sorted.slice(quarter, items.length - quarter);
}

/** The mean of each number over records with the same names. */
function means<Name extends string>(records: readonly Record<Name, number>[]): Record<Name, number> {
  const names = Object.keys(records[0]) as Name[];
  const of = (name: Name) => records.reduce((sum, record) => sum + record[name], 0) / records.length;
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, number>;
}

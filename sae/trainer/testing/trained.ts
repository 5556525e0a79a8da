import { openBackend } from '#engine/backend';
import { openClBackend } from '#engine/opencl/backend';
import { uniform } from '#engine/random';
import { threadClock } from '#engine/thread-time';
import { held } from '#engine/tracking';
import type { Architecture, BaseConfig, PassInput, PassOutput } from '../../architecture.ts';
import { loadAddons, loadArchitecture, loadExperiments } from '../../load.ts';
import { widthProfile } from '../../profiles.ts';
import { resolve } from '../../settings.ts';
import { DeadLatents } from '../dead-latents.ts';
import { createModel, type Model, type RunResult } from '../step.ts';
import { stepsOf } from '../steps.ts';

export const [rows, d, steps] = [256, 64, 8];
/** Work items of a group, unless a test takes others. */
const GROUP = 256;

export interface Watch {
  /** Steps without a firing after which a latent is dead. */
  window?: number;
  /** Settings of the experiment: "k=8". */
  set?: string[];
  /** Steps to train. */
  count?: number;
  /** After how many replayed steps one is compared with its code. */
  compareEvery?: number;
  /** Called before each step with its number. */
  before?(step: number, model: Model): void;
  /** What the loss does beside its own. */
  during?(pass: PassInput<BaseConfig, string, string>, output: PassOutput): PassOutput;
  /** The first number of x in a step, where it is not drawn. */
  spoilt?(step: number): number | null;
  /** Work items of a group, where the device is one of OpenCL. */
  group?: number;
  /** Rows of a step. */
  rowsOf?(step: number): number;
  /** Called after each step with the milliseconds of processor time that this thread took for it. */
  took?(ms: number): void;
}

/** Some steps of an experiment in the small world's sizes, on data that its weights know nothing of. */
export async function trained(name: string, backend: string, watch: Watch = {}) {
  const { window = 100, set = [], count = steps, before, during, rowsOf = () => rows } = watch;
  await openBackend(backend);
  const device = openClBackend()?.device;
  if (device) device.group = watch.group ?? GROUP;
  const experiment = (await loadExperiments()).get(name);
  if (!experiment) throw new Error(`no experiment ${name}`);
  const architecture = await loadArchitecture(experiment.architecture);
  const settings = resolve(experiment, architecture, await loadAddons(), widthProfile('small'), d, set);
  const { sae, trainer } = settings;
  let passes = 0;
  const own: Architecture = {
    ...architecture,
    trainingPass(pass) {
      passes++;
      const output = architecture.trainingPass(pass);
      return during ? during(pass, output) : output;
    },
  };
  const model = createModel(own, sae, architecture.init(sae, uniform(1)), trainer);
  const dead = new DeadLatents(held(new Float64Array(sae.d_sae)), window);
  const training = stepsOf(model, dead, d, count, watch.compareEvery);
  const next = uniform(2);
  const clock = threadClock();
  for (let step = 0; step < count; step++) {
    before?.(step, model);
    const now = rowsOf(step);
    const x = Float32Array.from({ length: now * d }, () => next() ** 4 * 4);
    x[0] = watch.spoilt?.(step) ?? x[0];
    const began = clock?.() ?? Number.NaN;
    training.run({
      ...{
        x,
        rows: now,
        step,
        learningRate: 0.004 / (1 + step),
        multiplier: 1,
        firstLoss: null,
        measure: false,
      },
    });
    watch.took?.((clock?.() ?? Number.NaN) - began);
  }
  before?.(count, model);
  const result: RunResult = training.result();
  const weights = Object.entries(model.variables).map(([key, w]) => [key, [...w.dataSync()]] as const);
  const buffers = Object.entries(model.buffers).map(([key, values]) => [key, [...values]] as const);
  const numbers = { ...Object.fromEntries(weights), ...Object.fromEntries(buffers) };
  const counts = training.counts && { ...training.counts };
  training.dispose();
  if (device) device.group = GROUP;
  return { result, numbers, sinceFired: [...dead.sinceFired], counts, passes };
}

// One part of the proof, in a process of its own: prints its answer as a line of JSON.
//   node --import tsx speed/proof/part.ts '{"kind":"golden","backend":"opencl"}'
import { print } from '#bench/cli/program';
import { disagreement } from '#bench/sampler/device/agreement';
import { DeviceSampler } from '#bench/sampler/device/device-sampler';
import { driverBy } from '#bench/sampler/device/drivers';
import type { SamplerName } from '#bench/sampler/device/open';
import { Sampler } from '#bench/sampler/sampler';
import { openWorld } from '#bench/worlds';
import { runMain, UserError } from '#contract/errors';
import { missingBackend, openBackend } from '#engine/backend';
import { ITEMS } from '#engine/cuda/variants';
import { Device } from '#engine/opencl/device';
import { benchPeer } from '../peer/open.ts';
import { benchServe } from '../serve.ts';
import { FULL_SIZE, planned } from '../step/plan.ts';
import { runCase } from '../step/run.ts';
import { ROWS, timed } from '../timing.ts';
import { yardsticks } from '../yardsticks.ts';
import { fillMemory } from './full-memory.ts';
import { inBoth } from './in-both.ts';
import { likenessOf } from './likeness.ts';
import type { Asked } from './parts.ts';
import { timeVerdict } from './verdict.ts';
import { wholeRun } from './whole-run.ts';

const SECONDS = 2;
const WIDTH = 4096;
/** Of those whose rates are compared: the processor draws them on one thread. */
const BATCHES = 16;
/** Kernels are compiled and clocks rise in these, and in a fifth of the steps that are timed. */
const WARM_UP = { full: 10, small: 2 };

await runMain(async () => {
  const [text] = process.argv.slice(2);
  if (text === undefined) throw new UserError('what is asked for is missing, as JSON');
  print(`${JSON.stringify(await answerTo(JSON.parse(text) as Asked))}\n`);
  return 0;
});

async function answerTo(asked: Asked): Promise<unknown> {
  // Whatever the environment says; processes that this one starts have it too.
  process.env.ENGINE_ENCODE = ('encode' in asked && asked.encode) || 'fp32';
  if (asked.kind === 'golden') return await golden(asked);
  if (asked.kind === 'step') return await step(asked);
  if (asked.kind === 'twice') return await twice(asked);
  if (asked.kind === 'verdict') return await timeVerdict(asked, SECONDS);
  if (asked.kind === 'memory') return fillMemory(new Device(driverBy(asked.by), ITEMS));
  if (asked.kind === 'auto') {
    const { label, gpu, why } = await openBackend('auto');
    return { label, gpu, why };
  }
  if (asked.kind === 'run') return await wholeRun(asked);
  if (asked.kind === 'tf32') return await inBoth(asked);
  if (asked.kind === 'sampler') return await drawn(asked);
  if (asked.kind === 'serve') {
    const name = asked.size === 'full' ? FULL_SIZE : 'small';
    const { world } = await openWorld(name);
    return benchServe(name, world, SECONDS, yardsticks(world, 1));
  }
  const profile = asked.size === 'full' ? '16k' : 'small';
  const lines = [];
  // SAELens draws on the card, so ours does where it may.
  const wanted = { profile, rounds: 1, seconds: SECONDS, backend: asked.backend, sampler: 'auto' } as const;
  for await (const line of benchPeer(wanted)) lines.push(line);
  return lines;
}

async function golden({ backend, encode }: Extract<Asked, { kind: 'golden' }>) {
  const missing = await missingBackend(backend);
  if (missing !== null) return { backend, missing };
  const began = performance.now();
  const { label, gpu, encodes } = await openBackend(backend);
  if (encode && encodes !== 'tf32') throw new UserError(`${label} encodes in float32`, 1);
  return { backend, label, gpu, seconds: (performance.now() - began) / 1000, ...(encode && { encode }) };
}

/** Draws on a device alone, after its rows agreed with the processor's: nothing is sent to anybody. */
async function drawn({ by, size }: Extract<Asked, { kind: 'sampler' }>) {
  const { world } = await openWorld(size === 'full' ? FULL_SIZE : 'small');
  const sampler = new DeviceSampler(world, 0, driverBy(by));
  const trusted = new Sampler(world, 0, 'train');
  const wrong = disagreement(world, sampler, trusted);
  if (wrong !== null) throw new UserError(`${sampler.label} draws wrongly: ${wrong}`, 1);
  const atATime = sampler.atATime(ROWS);
  const xs = Array.from(
    { length: atATime },
    () => new Float32Array(sampler.hostMemory(4 * ROWS * world.hiddenDim)),
  );
  const { samplesPerSecond } = timed(SECONDS, atATime * ROWS, (round) =>
    sampler.writeAndBeginNext(round * atATime, ROWS, ...xs),
  );
  const gigabytesPerSecond = (samplesPerSecond * 4 * world.hiddenDim) / 1e9;
  const likeness = likenessOf(world.numFeatures, sampler, trusted, BATCHES);
  const name = `drawn and read back by ${by}: ${sampler.label}`;
  return [{ name, samplesPerSecond, gigabytesPerSecond, likeness }];
}

/** The loss after the same steps on the same samples, of two processes. */
async function twice({ backend, size }: Extract<Asked, { kind: 'twice' }>) {
  const asked = { kind: 'step', backend, recipe: 'LISTA-Matryoshka', size, steps: 20 } as const;
  const losses: number[] = [];
  for (let i = 0; i < 2; i++) losses.push((await step(asked, 'processor')).loss);
  return { losses };
}

async function step(
  { backend, recipe, size, steps, resident, drawn }: Extract<Asked, { kind: 'step' }>,
  sampler: SamplerName = drawn ?? 'auto',
) {
  const plan = planned({ backend, widths: [WIDTH], threads: [], yardstick: false, npmAlone: false });
  const profile = size === 'full' ? '16k' : 'small';
  const found = plan.find((one) => one.recipe === recipe && one.asked.profile === profile);
  if (!found) throw new Error(`no such step: ${recipe} at ${profile}`);
  const { settings, ...answer } = await runCase({
    ...{ ...found.asked, sampler, resident, steps },
    warmUp: Math.max(WARM_UP[size], Math.ceil(steps / 5)),
  });
  return answer;
}

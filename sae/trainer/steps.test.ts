import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { openBackend } from '#engine/backend';
import { deviceCounts } from '#engine/device-counts';
import { openCl } from '#engine/opencl/library';
import { noDevice } from '#engine/opencl/testing/here';
import { threadClock } from '#engine/thread-time';
import { d, rows, steps, trained, type Watch } from './testing/trained.ts';

/** The results for each item, one after the other. */
async function eachIn<Item, Result>(items: readonly Item[], of: (item: Item) => Promise<Result>) {
  const results: Result[] = [];
  for (const item of items) results.push(await of(item));
  return results;
}

const cases: [string, Watch][] = [
  ['baseline_batchtopk', {}],
  ['default', {}],
  ['reference_style', {}],
  ['topk', { set: ['initial_k=8', 'transition_k_duration_steps=12'] }],
  ['standard_l1', { set: ['l1_warm_up_steps=12'] }],
  ['gated', {}],
  ['jumprelu', {}],
];

describe.skipIf(noDevice).each(['opencl'])('steps on %s', (backend) => {
  afterAll(async () => {
    await openBackend('embedded');
  });

  it.each(cases)('read nothing back until they are asked (%s)', async (name, watch) => {
    const read: number[] = [];
    await trained(name, backend, {
      ...watch,
      before: () => read.push(deviceCounts()?.bytesRead ?? Number.NaN),
    });
    expect(read.map((bytes) => bytes - read[0])).toEqual(new Array(steps + 1).fill(0));
  });

  it.each<[string, Watch]>([...cases, ['default', { window: 2 }], ['baseline_batchtopk', { window: 2 }]])(
    'train as embedded does: weights, thresholds, frequencies, counters (%s, %o)',
    async (name, watch) => {
      const [own, reference] = [await trained(name, backend, watch), await trained(name, 'embedded', watch)];
      expect(own.sinceFired).toEqual(reference.sinceFired);
      const { losses, loss, l0, gradNorm } = reference.result;
      const pairs = [
        ...Object.entries(losses).map(([term, value]) => [own.result.losses[term], value]),
        ...[
          [own.result.loss, loss],
          [own.result.gradNorm, gradNorm],
          [own.result.l0, l0],
        ],
      ];
      for (const [got, want] of pairs) expect(Math.abs(got - want)).toBeLessThan(1e-5 * (1 + Math.abs(want)));
      for (const [key, want] of Object.entries(reference.numbers)) {
        const worst = want.reduce(
          (most, value, i) => Math.max(most, Math.abs(own.numbers[key][i] - value)),
          0,
        );
        expect(worst, key).toBeLessThan(1e-4);
      }
    },
  );

  // LISTA: at most 60.
  it.each([
    ['baseline_batchtopk', 34],
    ['default', 57],
  ])('takes few launches once a step is replayed (%s)', async (name, launches) => {
    const at: number[] = [];
    const before = () => at.push(deviceCounts()?.launches ?? Number.NaN);
    await trained(name, backend, { count: 10, before });
    expect(at.slice(-3).map((n, i) => n - at[at.length - 4 + i])).toEqual(new Array(3).fill(launches));
  });

  // What a call costs (some 2 µs, of which most is the driver's own) times their number is the time of this
  // process in a step: 0.2 ms on PoCL for the default recipe.
  it.each([
    ['baseline_batchtopk', 34],
    ['default', 57],
  ])('call the driver once for a launch and six times for the batch (%s)', async (name, launches) => {
    const library = openCl();
    const names = Object.keys(library) as (keyof typeof library)[];
    const spies = names.map((call) => [call, vi.spyOn(library, call)] as const);
    const at: Record<string, number>[] = [];
    const before = () =>
      at.push(Object.fromEntries(spies.map(([call, { mock }]) => [call, mock.calls.length])));
    await trained(name, backend, { count: 10, before });
    for (const [, spy] of spies) spy.mockRestore();
    const [last, now] = at.slice(-2);
    const calls = names.flatMap((call) => (now[call] === last[call] ? [] : [[call, now[call] - last[call]]]));
    expect(Object.fromEntries(calls)).toEqual({
      enqueueNDRangeKernel: launches,
      // x and the numbers of the step, brought beside what is queued and then copied in its order.
      ...{ enqueueWriteBuffer: 2, enqueueCopyBuffer: 2, releaseEvent: 1, flush: 1 },
    });
  });

  // Processor time of this thread, of the steps that other load disturbs least: a sixth of it is taken. Steps
  // that are computed by their code take 1.6 and 2.6 ms.
  it.skipIf(threadClock() === null).each(['baseline_batchtopk', 'default'])(
    'take at most 0.3 ms of JavaScript once they are replayed, without what the driver takes (%s)',
    async (name) => {
      await openBackend(backend);
      const library = openCl();
      const own = { ...library };
      const none = () => 0;
      const silent = { enqueueNDRangeKernel: none, enqueueWriteBuffer: none, enqueueCopyBuffer: none };
      const took: number[] = [];
      const before = (step: number) => {
        if (step === 20) Object.assign(library, { ...silent, releaseEvent: none, flush: none });
      };
      await trained(name, backend, { count: 120, before, took: (ms) => void took.push(ms) }).finally(() =>
        Object.assign(library, own),
      );
      const [undisturbed] = took
        .slice(20)
        .sort((a, b) => a - b)
        .slice(10);
      expect(undisturbed).toBeLessThan(0.3);
    },
  );

  const alike = ({ result, numbers, sinceFired }: Awaited<ReturnType<typeof trained>>) => ({
    ...{ result, numbers, sinceFired },
  });
  const count = 24;

  it.each<[string, Watch]>([
    ...cases,
    ['default', { window: 6 }],
    ['default', { rowsOf: (step) => (step % 12 === 11 ? 100 : rows) }],
  ])('are replayed without the code of the loss, with the same bits (%s, %o)', async (name, watch) => {
    const replayed = await trained(name, backend, { ...watch, count });
    const compared = await trained(name, backend, { ...watch, count, compareEvery: 0 });
    expect(alike(replayed)).toEqual(alike(compared));
    expect(replayed.counts?.replayed).toBeGreaterThan(count / 3);
    expect(replayed.passes).toBe(count - (replayed.counts?.replayed ?? 0));
    expect(compared.counts).toMatchObject({ replayed: 0, eager: count });
    expect(compared.counts?.compared).toBe(replayed.counts?.replayed);
  });

  it.each<[string, Watch]>([
    ['baseline_batchtopk', {}],
    ['default', {}],
    ['default', { window: 6 }],
    ['jumprelu', {}],
    ['gated', {}],
  ])('have the same bits in groups of every size (%s, %o)', async (name, watch) => {
    const [one, ...others] = await eachIn([256, 64], (group) => trained(name, backend, { ...watch, group }));
    for (const other of others) expect(alike(other)).toEqual(alike(one));
  });

  it('show what replayed steps changed, whenever it is looked at', async () => {
    const looks = async (compareEvery?: number) => {
      const seen: number[][] = [];
      const before: Watch['before'] = (step, { variables, buffers }) => {
        if (step < 10 || step % 4 !== 0) return;
        seen.push([...variables.W_enc.dataSync(), ...buffers.topk_thresholds, ...buffers.frequencies]);
      };
      const { counts } = await trained('default', backend, { count: 18, before, compareEvery });
      return { seen, replayed: counts?.replayed };
    };
    const [replayed, compared] = [await looks(), await looks(0)];
    expect(replayed.seen).toEqual(compared.seen);
    expect([replayed.replayed, compared.replayed]).toEqual([15, 0]);
  });

  it.each<[string, NonNullable<Watch['during']>]>([
    ['reads a number back', (_, output) => (output.recon.dataSync().length > 0 ? output : output)],
    ['reads the number of the step', (pass, output) => (pass.step > 1000 ? output : output)],
    ['looks at a threshold', ({ buffers }, output) => (buffers.topk_thresholds[0] > 1e9 ? output : output)],
    [
      'draws numbers of its own',
      (_, output) => ({
        ...output,
        losses: { ...output.losses, noise: tf.mul(Math.random(), tf.mean(output.recon)) },
      }),
    ],
    [
      'brings an array of its own',
      (_, output) => {
        const own = tf.tensor1d(Float32Array.from({ length: d }, Math.random));
        return { ...output, losses: { ...output.losses, noise: tf.mean(tf.mul(output.recon, own)) } };
      },
    ],
  ])('are computed by their code where it %s', async (_, during) => {
    const { counts, passes } = await trained('baseline_batchtopk', backend, { count: 12, during });
    expect(counts).toEqual({ eager: 12, replayed: 0, compared: 0 });
    expect(passes).toBe(12);
  });

  it('fall back to their code, and say so, where a comparison shows that it does something else by now', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    let calls = 0;
    const during: Watch['during'] = (_, output) => {
      const mse_loss = tf.mul(calls++ < 4 ? 1 : 2, output.losses.mse_loss);
      return { ...output, losses: { ...output.losses, mse_loss } };
    };
    const { counts } = await trained('baseline_batchtopk', backend, { count: 20, during, compareEvery: 4 });
    const said = write.mock.calls.map(([line]) => String(line)).join('');
    write.mockRestore();
    expect(said).toMatch(/no longer replayed/);
    expect(said.match(/\n/g)?.length).toBe(1);
    expect(counts?.compared).toBeGreaterThan(0);
    expect(counts).toMatchObject({ replayed: 4 * (counts?.compared ?? 0) });
    expect(counts?.eager).toBe(20 - (counts?.replayed ?? 0));
  });

  it('do not train on, and keep the first bad step, once a loss is not finite', async () => {
    const during: Watch['during'] = (_, output) => output;
    const good = await trained('baseline_batchtopk', backend, { count: 10, during });
    const x = (step: number) => (step === 10 ? Number.NaN : null);
    const bad = await trained('baseline_batchtopk', backend, { count: 16, during, spoilt: x });
    expect(bad.result).toMatchObject({ step: 10, loss: Number.NaN });
    expect(bad.numbers.W_enc).toEqual(good.numbers.W_enc);
  });
});

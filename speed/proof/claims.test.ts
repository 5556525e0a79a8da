import { describe, expect, it } from 'vitest';
import { claimsOf } from './claims.ts';
import { partsOf } from './order.ts';
import type { Asked } from './parts.ts';
import type { Done } from './proof.ts';

const part = (asked: Asked, answer: unknown): Done => ({
  ...{ id: JSON.stringify(asked), asked, limit: 1, least: 1, seconds: 1, outcome: { answer } },
});
const golden = (backend: string, gpu: boolean) =>
  part({ kind: 'golden', backend }, { backend, gpu, label: `${backend} of a card`, seconds: 1 });
const device = { launches: 57, reads: 0, bytesRead: 0, bytesWritten: 9, replayed: 1, kernels: [] };
const step = (
  more: Partial<Extract<Asked, { kind: 'step' }>>,
  { ms = {}, device: own = {} }: { ms?: object; device?: object } = {},
) =>
  part(
    { kind: 'step', backend: 'cuda', recipe: 'LISTA-Matryoshka', size: 'full', steps: 5, ...more },
    {
      ...{ batch: 1024, d_in: 768, d_sae: 4096, drawnBy: 'a card' },
      ms: { step: 0.8, waiting: 0.04, encode: 0.2, thread: 0.3, ...ms },
      device: { ...device, ...own },
    },
  );
const run = (more: object) =>
  part(
    { kind: 'run', backend: 'cuda', size: 'full', samples: 1 },
    {
      ...{ world: 'synth-16k', profile: '16k', samples: 200_000_768, seconds: 170 },
      ...{ metrics: { f1: 0.978, mcc: 0.818 }, ...more },
    },
  );
const line = (name: string, more: object) => ({ name, ...more });
const serve = (drawn: number, ring: number) =>
  part({ kind: 'serve', size: 'full' }, [
    line('serve', { samplesPerSecond: 1, gigabytesPerSecond: 1 }),
    line('serve, drawn on a device', { samplesPerSecond: drawn }),
    line('ring alone, one batch again', { gigabytesPerSecond: ring }),
  ]);
const sampler = (rate: number, isAlike = true) =>
  part({ kind: 'sampler', by: 'cuda', size: 'full' }, [
    line('drawn', { samplesPerSecond: rate, likeness: { features: 9, rms: 1.02, worst: 3.1, isAlike } }),
  ]);
const peer = (ratio: number, on: string) =>
  part({ kind: 'peer', backend: 'cuda', size: 'full' }, [
    line('peer BatchTopK', { device: on, ratio }),
    line('peer BatchTopK', { device: 'cpu', ratio: 0.1 }),
    line('peer sampler', { device: 'cuda', ratio: 0.1 }),
  ]);
const verdict = (encodes: number) =>
  part(
    { kind: 'verdict', backend: 'cuda', size: 'full' },
    { samples: 500_000, seconds: 60, own: 34, matching: 16, encodes },
  );
const twice = (...losses: number[]) => part({ kind: 'twice', backend: 'cuda', size: 'full' }, { losses });
const memory = (goesOn: boolean) =>
  part({ kind: 'memory', by: 'cuda' }, { bytes: 1, line: 'no memory left', isToldAsMemory: true, goesOn });
const inTf32 = (seed: number, difference: number, size: 'full' | 'small' = 'full') =>
  part(
    { kind: 'tf32', backend: 'cuda', size, seed },
    {
      ...{ profile: 'medium', samples: 4_096_000, seed, judged: 200_000, noise: 0.004 },
      ...{ fp32: { f1: 0.9, mcc: 0.8 }, tf32: { f1: 0.9 + difference, mcc: 0.8 } },
    },
  );
const auto = (gpu: boolean) => part({ kind: 'auto' }, { label: 'cuda', gpu, why: 'the fastest' });

/** Whether each claim holds, by the begin of its words. */
const held = (done: readonly Done[], begin: string, hasPeer = true) =>
  claimsOf(done, hasPeer).find(({ what }) => what.startsWith(begin))?.holds;

const card = golden('cuda', true);

describe('what a card has to show', () => {
  it.each<[string, Done, Done]>([
    ['golden step of `cuda`', card, golden('cuda', false)],
    ['200M samples of the default recipe, projected, with its data', step({}), step({}, { ms: { step: 1 } })],
    [
      '200M samples of the default recipe, projected, steps alone',
      step({ resident: true }),
      step({ resident: true }, { ms: { step: 1 } }),
    ],
    ['bytes that a step reads back', step({}), step({}, { device: { bytesRead: 4 } })],
    ['launches of a step', step({}), step({}, { device: { launches: 61 } })],
    ['time of JavaScript', step({}), step({}, { ms: { thread: 0.9 } })],
    ['time waiting for data', step({}), step({}, { ms: { waiting: 0.1 } })],
    ['200M samples of the default recipe, in fact', run({}), run({ seconds: 190 })],
    ['its F1 and MCC', run({}), run({ metrics: { f1: 0.9, mcc: 0.818 } })],
    ['times as fast as SAELens', peer(1.1, 'cuda'), peer(0.9, 'cuda')],
    ['rates of features', sampler(1), sampler(1, false)],
    ['samples drawn on the device, alone', sampler(1.3e6), sampler(1.1e6)],
    ['samples drawn on the device that reach', serve(1.2e6, 5), serve(1e6, 5)],
    ['batches that are served again', serve(1.2e6, 5), serve(1.2e6, 3.9)],
    ['encoder of a verdict', verdict(10), verdict(40)],
    ['losses of the same steps', twice(1.25, 1.25), twice(1.25, 1.2500001)],
    ['full memory, `cuda`', memory(true), memory(false)],
    ['what `auto` takes', auto(true), auto(false)],
  ])('%s: holds, does not, and is open where nothing was measured', (begin, right, wrong) => {
    expect(held([card, right], begin)).toBe(true);
    const isGolden = wrong.asked.kind === 'golden';
    expect(held(isGolden ? [wrong] : [card, wrong], begin)).toBe(false);
    expect(held([], right.asked.kind === 'memory' ? 'full memory' : begin)).toBeNull();
  });

  it('is projected from steps in float32, with those in TF32 beside them', () => {
    const slow = step({}, { ms: { step: 1 } });
    const fast = step({ encode: 'tf32' }, { ms: { step: 0.5 } });
    const begin = '200M samples of the default recipe, projected, with its data';
    expect(held([card, slow, fast], begin)).toBe(false);
    expect(held([card, fast], begin)).toBeNull();
    const found = claimsOf([card, slow, fast], true).map((claim) => claim.found);
    expect(found).toContain('3.3 minutes (`cuda`); with encodes in TF32 1.6');
  });

  it('is by tensor cores once an encode is faster', () => {
    const fp32 = step({});
    const tf32 = (encode: number) => step({ encode: 'tf32' }, { ms: { encode } });
    const begin = 'an encode by tensor cores';
    expect(held([card, fp32, tf32(0.05)], begin)).toBe(true);
    expect(held([card, fp32, tf32(0.3)], begin)).toBe(false);
    expect(held([card, fp32], begin)).toBeNull();
  });

  it('is by tensor cores without a loss where F1 in the mean of the seeds differs by two standard errors at most', () => {
    const begin = 'F1 of the default recipe with encodes in TF32';
    // 2 × 0.004 / √4.
    const four = (last: number) => [card, inTf32(0, 0.004), inTf32(1, -0.004), inTf32(2, 0), inTf32(3, last)];
    expect(held(four(0.0159), begin)).toBe(true);
    expect(held(four(0.0161), begin)).toBe(false);
    expect(held(four(-0.0161), begin)).toBe(false);
    expect(held([card, inTf32(0, Number.NaN)], begin)).toBe(false);
    // One seed alone may differ by more.
    expect(held([card, inTf32(0, -0.0079)], begin)).toBe(true);
    expect(claimsOf(four(0.004), true)).toContainEqual(
      expect.objectContaining({
        found: '0.0010 in the mean of 4 seeds of `medium`; two standard errors are 0.0040',
      }),
    );
    expect(held([golden('cuda', false), inTf32(0, 0)], begin)).toBeNull();
    expect(held([card, inTf32(0, 0, 'small')], begin)).toBeNull();
  });

  it('says why no encode is by tensor cores', () => {
    const failed = part({ kind: 'golden', backend: 'cuda', encode: 'tf32' }, null);
    const why = { ...failed, outcome: { reason: 'it needs Ampere' } };
    const found = (done: readonly Done[]) =>
      claimsOf(done, true).flatMap(({ what, found }) => (what.includes('TF32') ? [found] : []));
    expect(found([card, why])).toEqual(['it needs Ampere', 'it needs Ampere']);
    const cut = { ...inTf32(0, 0), outcome: { reason: 'not begun: 9 s were left' } };
    expect(found([card, cut])).toEqual(['not measured', 'not begun: 9 s were left']);
    expect(found([card, cut, inTf32(1, 0)])[1]).toMatch(/^0.0000 on one seed of `medium`;/);
  });

  it('is shown by a GPU alone, at full size, and bands by the published number of samples', () => {
    const software = golden('cuda', false);
    for (const [done, begin] of [
      [[software, step({})], '200M samples of the default recipe, projected, with'],
      [[card, step({ size: 'small' })], 'launches'],
      [[software, sampler(2e6)], 'samples drawn on the device, alone'],
      [[software, verdict(1)], 'encoder of a verdict'],
      [[software, twice(1, 1)], 'losses'],
      [[card, run({ samples: 1024 })], 'its F1'],
      [[card, peer(2, 'cpu')], 'times as fast'],
    ] as const)
      expect(held(done, begin), begin).toBeNull();
  });

  it('says why there is nothing', () => {
    const failed = { ...golden('node-gpu', false), outcome: { reason: 'crashed' } };
    const found = (begin: string) =>
      claimsOf([failed], false).find(({ what }) => what.startsWith(begin))?.found;
    expect(found('golden step of `node-gpu`')).toBe('crashed');
    const missing = part(
      { kind: 'golden', backend: 'webgpu' },
      { backend: 'webgpu', missing: 'not installed' },
    );
    expect(held([failed], 'golden step of `node-gpu`')).toBe(false);
    expect(held([missing], 'golden step of `webgpu`')).toBeNull();
    expect(claimsOf([missing], false)).toContainEqual(expect.objectContaining({ found: 'not installed' }));
    expect(found('times as fast')).toMatch(/^no Python here has it/);
    expect(found('launches')).toBe('not measured');
  });

  it('has a part that shows it', () => {
    const wish = { backends: [], full: true, samples: { full: 200_000_768, small: 1 }, peer: true };
    const answers: Record<string, Done> = { run: run({}), serve: serve(1e6, 5), sampler: sampler(1e6) };
    Object.assign(answers, { peer: peer(2, 'cuda'), verdict: verdict(1), twice: twice(1, 1) });
    Object.assign(answers, { memory: memory(true), auto: auto(true), tf32: inTf32(0, 0) });
    const goldens = ['opencl', 'cuda', 'node-gpu', 'webgpu'].map((name) => golden(name, true));
    const passed = goldens.flatMap(({ outcome }) => ('answer' in outcome ? [outcome.answer] : []));
    const tf32 = { backend: 'cuda', gpu: true, label: 'x', seconds: 1, encode: 'tf32' as const };
    const parts = partsOf(wish, [...(passed as (typeof tf32)[]), tf32]);
    const done = parts.map((one) => {
      if (one.asked.kind === 'golden')
        return (
          goldens.find(
            ({ asked }) =>
              'backend' in asked && 'backend' in one.asked && asked.backend === one.asked.backend,
          ) ?? golden('x', false)
        );
      return one.asked.kind === 'step' ? step(one.asked) : (answers[one.asked.kind] as Done);
    });
    expect(claimsOf(done, true).filter(({ holds }) => holds === null)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Outcome } from './child.ts';
import { partsOf } from './order.ts';
import type { Asked, Part } from './parts.ts';
import { type Done, prove } from './proof.ts';

const wish = { backends: [], full: true, samples: { full: 200, small: 20 }, peer: false };
const golden = (backend: string, gpu: boolean) => ({ backend, gpu, label: backend, seconds: 1 });

describe('the parts of a proof', () => {
  it('are in the order of their worth: a card first, its whole run before what runs in software', () => {
    const passed = [golden('embedded', false), golden('opencl', true), golden('webgpu', false)];
    expect(partsOf(wish, passed).map(({ id }) => id)).toEqual([
      ...['cuda', 'opencl', 'node-gpu', 'webgpu', 'embedded'].map((name) => `golden step ${name}`),
      ...['step opencl LISTA-Matryoshka', 'step opencl LISTA-Matryoshka alone'],
      ...['step opencl LISTA-Matryoshka, drawn by the processor', 'step opencl BatchTopK'],
      ...['whole run opencl', 'data service', 'device sampler opencl'],
      ...['verdict opencl', 'the same steps twice opencl', 'full memory opencl', 'choice of auto'],
      'step embedded LISTA-Matryoshka',
      'step embedded BatchTopK',
      'step webgpu LISTA-Matryoshka',
      'step webgpu BatchTopK',
      ...['node', 'wasm', 'cpu'].map((name) => `golden step ${name}`),
    ]);
  });

  it('have encodes by tensor cores right after the first step of a card that may, once they are right', () => {
    const own = { ...wish, backends: ['cuda', 'opencl'], full: false };
    const passed = [golden('cuda', true), golden('opencl', true)];
    const ids = (more: typeof passed) => partsOf(own, [...passed, ...more]).map(({ id }) => id);
    expect(ids([])).toEqual([
      ...['golden step cuda', 'golden step opencl'],
      ...['step cuda LISTA-Matryoshka', 'step opencl LISTA-Matryoshka'],
      ...[
        ...['cuda', 'opencl'].flatMap((name) => [
          `step ${name} LISTA-Matryoshka alone`,
          `step ${name} LISTA-Matryoshka, drawn by the processor`,
        ]),
        'golden encode cuda TF32',
      ],
      ...['step cuda BatchTopK', 'step opencl BatchTopK'],
      ...['data service', 'device sampler cuda', 'device sampler opencl'],
      ...['verdict cuda', 'the same steps twice cuda', 'full memory cuda', 'full memory opencl'],
    ]);
    const right = { ...golden('cuda', true), encode: 'tf32' as const };
    expect(ids([right]).slice(8, 13)).toEqual([
      ...['golden encode cuda TF32', 'step cuda LISTA-Matryoshka TF32'],
      ...['step cuda BatchTopK', 'step opencl BatchTopK', 'step cuda BatchTopK TF32'],
    ]);
    const seeds = [0, 1, 2, 3].map((seed) => `F1 in TF32 cuda seed ${seed}`);
    expect(ids([right]).slice(-5)).toEqual(['full memory opencl', ...seeds]);
    // A golden encode starts no backend.
    expect(partsOf(own, [right]).map(({ asked }) => asked.kind)).not.toContain('step');
  });

  it('have them emulated in software, after all else there', () => {
    const own = { ...wish, backends: ['opencl'], full: false };
    const ids = partsOf(own, [golden('opencl', false), { ...golden('opencl', false), encode: 'tf32' }]).map(
      ({ id }) => id,
    );
    expect(ids.slice(-3)).toEqual([
      ...['golden encode opencl TF32', 'step opencl BatchTopK TF32', 'F1 in TF32 opencl seed 0'],
    ]);
  });

  it('take enough steps on a card where one may last less than a millisecond', () => {
    const passed = [golden('opencl', true), golden('webgpu', true), golden('embedded', false)];
    const steps = partsOf(wish, passed).flatMap(({ asked }) =>
      asked.kind === 'step' ? [`${asked.backend} ${asked.steps}`] : [],
    );
    expect(new Set(steps)).toEqual(new Set(['opencl 500', 'webgpu 50', 'embedded 5']));
  });

  it('have full sizes on a card alone', () => {
    const sizes = (gpu: boolean) =>
      partsOf(wish, [golden('opencl', gpu)]).flatMap(({ asked }) =>
        'size' in asked ? [`${asked.kind} ${asked.size}`] : [],
      );
    const kinds = ['step', 'run', 'serve', 'sampler', 'verdict', 'twice'];
    expect(new Set(sizes(true))).toEqual(new Set(kinds.map((kind) => `${kind} full`)));
    expect(new Set(sizes(false))).toEqual(new Set(kinds.map((kind) => `${kind} small`)));
  });

  it('are those of the named backends', () => {
    const parts = partsOf({ ...wish, backends: ['cpu'] }, [golden('cpu', false)]);
    expect(parts.map(({ id }) => id)).toEqual([
      'whole run cpu',
      'data service',
      'verdict cpu',
      'golden step cpu',
      'step cpu LISTA-Matryoshka',
      'step cpu BatchTopK',
    ]);
  });
});

/** A proof whose parts take their seconds by a clock of its own. */
async function proved(seconds: number, takes: (asked: Asked) => number, answer: (asked: Asked) => Outcome) {
  let clock = 0;
  const written: { done: number; left: readonly Part[] }[] = [];
  const limits: Record<string, number> = {};
  const done = await prove({ ...wish, backends: ['opencl', 'embedded'] }, seconds, {
    async run({ id, asked }, limit) {
      limits[id] = limit;
      clock += 1000 * Math.min(limit, takes(asked));
      return answer(asked);
    },
    now: () => clock,
    write: (all, left) => written.push({ done: all.length, left }),
  });
  const reasons = done.flatMap(({ id, outcome }: Done) =>
    'reason' in outcome ? [`${id}: ${outcome.reason}`] : [],
  );
  return { done, written, limits, reasons };
}

const answering = (asked: Asked): Outcome =>
  asked.kind === 'golden' ? { answer: golden(asked.backend, asked.backend === 'opencl') } : { answer: [] };

describe('a proof', () => {
  it('writes before the first part and after each, and ends with nothing left', async () => {
    const { done, written, reasons } = await proved(10_000, () => 10, answering);
    expect(reasons).toEqual([]);
    expect(written.map((one) => one.done)).toEqual(Array.from({ length: done.length + 1 }, (_, i) => i));
    expect(written.at(-1)?.left).toEqual([]);
    expect(done.map(({ id }) => id)).toContain('whole run opencl');
  });

  it('goes on after a part that fails, and plans nothing for a backend whose golden step failed', async () => {
    const { done, reasons } = await proved(
      10_000,
      () => 10,
      (asked) =>
        asked.kind === 'golden' && asked.backend === 'opencl'
          ? { reason: 'crashed by SIGSEGV' }
          : answering(asked),
    );
    expect(reasons).toEqual(['golden step opencl: crashed by SIGSEGV']);
    expect(done.filter(({ asked }) => 'backend' in asked && asked.backend === 'opencl')).toHaveLength(1);
    expect(done.map(({ id }) => id)).toContain('step embedded BatchTopK');
  });

  it('gives a part half of the time that is left, a whole run all of it, and begins none that needs more', async () => {
    const { limits, reasons } = await proved(360, ({ kind }) => (kind === 'golden' ? 30 : 55), answering);
    expect(limits['golden step opencl']).toBe(180);
    expect(limits['step opencl LISTA-Matryoshka']).toBe(150);
    expect(limits['whole run opencl']).toBe(80);
    expect(limits['data service']).toBe(20);
    expect(reasons.at(-1)).toMatch(/: not begun: \d+ s were left$/);
  });

  it('has time for the others where a backend hangs', async () => {
    const { done } = await proved(480, ({ kind }) => (kind === 'golden' ? 1000 : 20), answering);
    expect(done.filter(({ asked, seconds }) => asked.kind === 'step' && seconds > 0)).not.toEqual([]);
  });

  it('has the whole run trained on samples of what was faster, once that is known', async () => {
    const asked: Asked[] = [];
    let clock = 0;
    await prove({ ...wish, backends: ['opencl'] }, 10_000, {
      async run(part) {
        asked.push(part.asked);
        clock += 1000;
        return answering(part.asked);
      },
      now: () => clock,
      write: () => {},
      drawn: (done) => (done.some(({ asked: { kind } }) => kind === 'step') ? 'processor' : undefined),
    });
    expect(asked.filter(({ kind }) => kind === 'run')).toEqual([
      expect.objectContaining({ drawn: 'processor' }),
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { againstBands, PUBLISHED } from './bands.ts';
import type { Outcome } from './child.ts';
import { pageOf } from './page.ts';
import type { Asked } from './parts.ts';
import type { Done } from './proof.ts';

const about = {
  machine: { host: 'h', cpu: 'a processor', cores: 16, gpu: 'a card', node: 'v22' },
  startedAt: '2026-01-01T00:00:00Z',
  minutes: 8,
  hasPeer: false,
};
const part = (asked: Asked, outcome: Outcome): Done => ({
  ...{ id: `${asked.kind} x`, asked, limit: 1, least: 1, seconds: 2, outcome },
});
const ms = {
  step: 2,
  cpu: 1,
  waiting: 0.5,
  forward: 1,
  backward: 0.3,
  optimiser: 0.2,
  sampling: 1,
  encode: 0.4,
  thread: null,
};
const answer = { batch: 1024, d_in: 768, d_sae: 4096, ms, device: null, drawnBy: null };
const step = (size: 'full' | 'small') =>
  part({ kind: 'step', backend: 'opencl', recipe: 'BatchTopK', size, steps: 5 }, { answer });
const run = (more: object, samples: number = PUBLISHED.samples) =>
  part(
    { kind: 'run', backend: 'opencl', size: 'full', samples },
    {
      answer: {
        ...{
          world: 'synth-16k',
          profile: '16k',
          samples,
          seconds: 180,
          samplesPerSecond: 1e6,
          judgeSeconds: 30,
          judged: 500_000,
          drawnBy: 'a card',
        },
        ...{ metrics: { f1: 0.98, mcc: 0.8 }, ...more },
      },
    },
  );

describe('the page of a proof', () => {
  it('projects a run of 200M samples from a step at full size alone', () => {
    const page = pageOf(about, [step('full')], []);
    expect(page).toContain(
      '| BatchTopK, `opencl` | 768 → 4096 | the processor | 512,000 | 2 | 0.5 (25 %) | 1 | 0.3 | 0.2 | 0.4 |',
    );
    // 200,000,768 / 512,000 s.
    expect(page).toContain('| BatchTopK, `opencl` | 6.5 |');
    expect(pageOf(about, [step('small')], [])).not.toContain('projected from the step');
    expect(pageOf(about, [step('small')], [])).toContain('small sizes');
  });

  it('begins with what the card had to show, and whether it did', () => {
    const golden = { backend: 'opencl', label: 'of a card', gpu: true, seconds: 1 };
    const page = pageOf(
      about,
      [part({ kind: 'golden', backend: 'opencl' }, { answer: golden }), run({})],
      [],
    );
    const [, first] = page.split('## ');
    expect(first).toMatch(/^What this GPU had to show\n\n\| claim \| wanted \| found \| holds \|/);
    expect(first).toContain('| golden step of `opencl` | right, on a GPU | of a card | yes |');
    expect(first).toContain('| golden step of `cuda` | right, on a GPU | not measured |  |');
    expect(first).toContain('| its F1 and MCC | within the published bands | f1 0.980, mcc 0.800 | **no** |');
  });

  it('checks a whole run by the published bands where they hold', () => {
    const page = pageOf(about, [run({})], []);
    expect(page).toContain('0.9800 (inside 0.977 ± 0.006)');
    expect(page).toContain('0.8000 (**outside** 0.818 ± 0.004)');
    expect(page).toContain('the bands are the check');
    expect(pageOf(about, [run({ world: 'synth-16k:seed=1' })], [])).toContain('an expectation, not a check');
    expect(pageOf(about, [run({}, 1024)], [])).not.toContain('inside');
    expect(pageOf(about, [run({ profile: 'small' })], [])).not.toContain('inside');
  });

  it('sets F1 in TF32 beside F1 in float32, and says what so many seeds can show', () => {
    const pair = (seed: number, f1: number, size: 'full' | 'small' = 'full') =>
      part(
        { kind: 'tf32', backend: 'cuda', size, seed },
        {
          answer: {
            ...{ profile: 'medium', samples: 1, seed, judged: 1, noise: 0.0045 },
            ...{ fp32: { f1: 0.945, mcc: 0.797 }, tf32: { f1, mcc: 0.798 } },
          },
        },
      );
    const page = pageOf(
      about,
      [0, 1, 2, 3].map((seed) => pair(seed, 0.942)),
      [],
    );
    expect(page).toContain('| `cuda` | medium | 3 | 0.9450 | 0.9420 | -0.0030 | 0.7970 | 0.7980 |');
    expect(page).toContain('In the mean -0.0030. By chance it would be within 0.0045 (two standard errors');
    expect(page).toContain('So many seeds (4) find a difference of 0.0064 in four of five cases');
    expect(pageOf(about, [pair(0, 0.942, 'small')], [])).toContain('these numbers say nothing of a card');
    expect(pageOf(about, [], [])).not.toContain('F1 with encodes');
  });

  it('names every part without an answer and its reason, and what comes next', () => {
    const failed = part({ kind: 'golden', backend: 'webgpu' }, { reason: 'crashed | by SIGSEGV' });
    const page = pageOf(about, [failed], [step('full')]);
    expect(page).toContain('| golden x | crashed \\| by SIGSEGV | 2 |');
    expect(page).toContain('**Not at its end**: next comes step x.');
    expect(pageOf(about, [failed], [])).not.toContain('Not at its end');
  });
});

it('a metric at the edge of its band is inside; one beyond it, or no number, is not', () => {
  const inside = (f1: number) => againstBands({ f1, mcc: 0.818 }).map(({ isInside }) => isInside);
  expect(inside(0.972)).toEqual([true, true]);
  expect(inside(0.97)).toEqual([false, true]);
  expect(inside(Number.NaN)).toEqual([false, true]);
  expect(againstBands({}).every(({ isInside }) => !isInside)).toBe(true);
});

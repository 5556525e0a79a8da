import { expect, it } from 'vitest';
import { exampleVerdict } from '../fixtures/examples.ts';
import { readScalars } from './fixtures/read.ts';
import { RunEvents } from './run-events.ts';

const run = {
  ...{ id: '2026-01-01--00-00-00-base-s0', experiment: 'base', settings: {}, samples: 1000, seed: 0 },
  ...{ sprint: null, profile: 'tiny', role: undefined, profileSettings: undefined },
};
const read = (...records: Uint8Array[][]) => readScalars(Buffer.concat(records.flat()));

it('puts what the trainer says, the snapshots and the verdict into groups of their own', () => {
  const events = new RunEvents(run);
  expect(
    read(
      events.opening(10),
      events.logged(11.5, { samples: 500, values: { loss: 0.25, l0: 3 }, samplesPerSecond: 80 }),
      events.snapshot(12, { samples: 500, evaluationSamples: 50, metrics: { f1: 0.5 } }),
      events.verdict(13, exampleVerdict({ metrics: { f1: 0.75 }, also: { inference: { f1: 0.625 } } })),
      events.end(14, true),
    ),
  ).toEqual([
    { at: 11.5, step: 500, values: { 'train/loss': 0.25, 'train/l0': 3, 'speed/samples_per_second': 80 } },
    { at: 12, step: 500, values: { 'snapshot/f1': 0.5 } },
    { at: 13, step: 1000, values: { 'verdict/f1': 0.75, 'verdict_inference/f1': 0.625 } },
  ]);
});

it('keeps a verdict on a secret world apart', () => {
  const verdict = exampleVerdict({
    kind: 'confirmed',
    metrics: { f1: 0.75 },
    also: { inference: { f1: 0.5 } },
  });
  const [record] = read(new RunEvents(run).verdict(1, verdict));
  expect(record?.values).toEqual({ 'confirmed/f1': 0.75, 'confirmed_inference/f1': 0.5 });
});

it('cleans the names that the code of a workspace chose, and lets none into another group', () => {
  const values = {
    '../verdict/f1': 1,
    'a b\x1b[2J\u202ec': 2,
    '<img src=x>': 3,
    [`${'x'.repeat(500)}`]: 4,
    '\x07': 5,
    größe: 6,
  };
  const [record] = read(new RunEvents(run).logged(1, { samples: 1, values }));
  expect(record?.values).toEqual({
    'train/.._verdict_f1': 1,
    'train/a_bc': 2,
    'train/_img_src_x_': 3,
    [`train/${'x'.repeat(59)}…`]: 4,
    'train/_': 5,
    'train/größe': 6,
  });
});

it('takes a hundred names of a kind, whatever a trainer logs, and the judge keeps its own', () => {
  const events = new RunEvents(run);
  const flood = (from: number) =>
    Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`n${from + i}`, i] as const));
  const [first, second] = read(
    events.logged(1, { samples: 1, values: flood(0) }),
    events.logged(2, { samples: 2, values: flood(80) }),
  );
  expect([first, second].map((record) => Object.keys(record?.values ?? {}).length)).toEqual([80, 20]);
  expect(read(events.logged(3, { samples: 3, values: flood(160) }))).toEqual([]);
  expect(read(events.logged(3, { samples: 3, values: flood(0) }))).toHaveLength(1);
  expect(read(events.verdict(4, exampleVerdict()))).toHaveLength(1);
});

it('writes nothing for a log line before the start, or without numbers', () => {
  const events = new RunEvents(run);
  expect(events.logged(1, { samples: -5, values: { loss: 1 } })).toEqual([]);
  expect(events.logged(1, { samples: 5, values: {} })).toEqual([]);
});

it('shows the settings of a run, which cannot pass for its seed', () => {
  const settings = { lr: '3e-4', seed: '99', 'a\u202eb': 'x'.repeat(300), none: '' };
  const profileSettings = { lr: 1, flag: true, list: [1, 2] };
  const said = Buffer.concat(new RunEvents({ ...run, settings, profileSettings, seed: 7 }).opening(1));
  const number = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes;
  };
  expect([7, 3e-4].map((value) => said.includes(number(value)))).toEqual([true, true]);
  expect([99, 1e9].map((value) => said.includes(number(value)))).toEqual([false, false]);
  const text = said.toString();
  for (const part of ['experiment', 'profile', 'tiny', 'flag', '[1,2]', 'ab', `${'x'.repeat(199)}…`])
    expect(text).toContain(part);
});

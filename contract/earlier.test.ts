import { expect, it } from 'vitest';
import { Event } from './event.ts';
import { RunRecord } from './run.ts';
import { SprintRun, WaitingRun } from './sprint.ts';

const tree = 'a'.repeat(40);
const common = {
  ...{ id: 'r', experiment: 'wide', seed: 7, samples: 5000, tree },
  ...{ status: 'finished', reason: null, seconds: 1 },
};
const args = [
  ...['wide', '--profile', 'tiny', '--samples', '5000', '--seed', '7'],
  ...['--settings', '{"depth":3}', '--set', 'k=3', '--set=name=a=b'],
];
const now = {
  researcherId: 'researcher-1',
  settings: { k: '3', name: 'a=b' },
  profileSettings: { depth: 3 },
};

it('reads the record of a run that an earlier version wrote', () => {
  const machine = { host: 'h', cpu: 'c', cores: 1, gpu: null, node: 'v20' };
  const rest = {
    ...{
      sprint: null,
      profile: 'tiny',
      startedAt: 'x',
      endedAt: 'y',
      rowsServed: 6144,
      sandbox: 'off',
      machine,
    },
  };
  const read = RunRecord.parse({ version: 1, ...common, ...rest, args });
  expect(read).toEqual({ version: 2, ...common, ...rest, ...now });
  // What is written now is read as it is.
  expect(RunRecord.parse(read)).toEqual(read);
});

it('reads the runs of an earlier sprint, and of an earlier log', () => {
  const curves = { samplesPerSecond: 1, backend: null, claimed: {}, verdict: null, curve: [], evals: [] };
  expect(SprintRun.parse({ ...common, ...curves, args })).toEqual({ ...common, ...curves, ...now });
  const { experiment, seed, samples } = common;
  const spec = { experiment, seed, samples, tree };
  const queued = { type: 'run.queued', sprint: 's', ticket: 'queued-1', ...spec };
  const read = Event.parse({ ...queued, set: ['k=3', 'k=4'] });
  expect(read).toEqual({ ...queued, settings: { k: '4' } });
  expect(WaitingRun.parse(read).settings).toEqual({ k: '4' });
  const started = { type: 'run.started', run: 'r', sprint: 's', experiment, tree, processes: [] };
  const { processes: _, ...same } = started;
  expect(Event.parse({ ...started, args })).toEqual({ ...same, ...spec, settings: now.settings });
});

it('leaves what it cannot read to the schema', () => {
  for (const wrong of [
    { args: ['--set', 'k'] },
    { args: ['--settings', '{'] },
    { args: 'k=3' },
    null,
    'text',
  ])
    expect(RunRecord.safeParse(wrong).success).toBe(false);
});

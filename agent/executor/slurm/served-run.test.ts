import { expect, it } from 'vitest';
import type { RunRecord } from '#contract/run';
import type { Back } from './bring-back.ts';
import { wholeOf } from './served-run.ts';

const ended = (status: RunRecord['status'], endedBy: RunRecord['endedBy'], reason: string | null = null) =>
  ({ status, endedBy, reason, rowsServed: 6 }) as RunRecord;
const back = (status: RunRecord['status']) =>
  ({ record: ended(status, 'trainer', 'of its trainer'), refusal: null }) as Back;
const NO_BACK = 'what its trainer left did not come back from its node';
const NO_SANDBOX = 'node n1: bubblewrap is not installed';

it.each<[string, RunRecord, { back?: Back; failed?: boolean }, object]>([
  [
    'one that finished',
    ended('finished', 'trainer'),
    { back: back('finished') },
    { status: 'finished', fault: null },
  ],
  [
    'one that diverged',
    ended('diverged', 'trainer'),
    { back: back('diverged') },
    { status: 'diverged', fault: null },
  ],
  [
    'one that filled its disk',
    ended('killed', 'limit'),
    { back: back('killed') },
    { status: 'killed', fault: null },
  ],
  ['one that ended itself by a signal', ended('killed', 'outside'), {}, { status: 'killed', fault: null }],
  [
    'one whose data service failed',
    ended('failed', 'trainer'),
    { failed: true },
    { endedBy: 'service', fault: 'its data service failed' },
  ],
  [
    'one of which nothing came back',
    ended('finished', 'trainer'),
    {},
    { status: 'failed', endedBy: 'service', fault: NO_BACK },
  ],
  [
    'one that Slurm ended for its memory',
    ended('out-of-memory', 'trainer'),
    {},
    { status: 'out-of-memory', endedBy: 'trainer', fault: null },
  ],
  [
    'one on a node without a sandbox',
    ended('failed', 'limit', NO_SANDBOX),
    {},
    { status: 'failed', endedBy: 'service', fault: NO_SANDBOX },
  ],
  [
    'one that waited until the night was over',
    ended('killed', 'limit'),
    {},
    { status: 'timeout', endedBy: 'limit', fault: null },
  ],
  [
    'one that lost its loop',
    ended('killed', 'service'),
    {},
    { endedBy: 'service', fault: 'its node lost the connection to the loop' },
  ],
])('%s', (_, job, { back = null, failed = false }, whole) => {
  const { record, fault } = wholeOf(ended('running', undefined), job, { back, failed, rowsServed: 6 });
  expect({ ...record, fault }).toMatchObject(whole);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { RunRecord } from '#contract/run';
import { exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { type Member, madeAlready, type SweepPlan, sweepRun } from './member.ts';

let repo: string;
beforeEach(() => {
  repo = mkdtempSync(join(tmpdir(), 'member-'));
});
afterEach(() => rmSync(repo, { recursive: true, force: true }));

const member: Member = { name: 'plain', settings: { k: '3' }, seed: 1, fingerprint: 'f' };

/** The run that makes the member, where there is only this one: null where it does not. */
function uses(more: Partial<RunRecord>, asked: Partial<Member> = {}): string | null {
  const record = RunRecord.parse({
    ...{ version: 2, id: 'r', experiment: 'plain', settings: { k: '3.0' }, samples: 100, seed: 1, tree: 't' },
    ...{ fingerprint: 'f', status: 'finished', reason: null, endedBy: 'trainer', seconds: 1, sprint: null },
    ...{ profile: 'tiny', startedAt: 'now', endedAt: 'now', rowsServed: null, sandbox: 'off' },
    machine: { host: 'h', cpu: 'c', cores: 2, gpu: null, node: 'v22' },
    ...more,
  });
  const dir = join(repo, 'checkpoints', record.id);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'run.json'), JSON.stringify(record));
  const wanted = { ...member, ...asked };
  const plan = { repo, task: exampleTask(), profileName: 'tiny', tree: 't', samples: 100 };
  return madeAlready(plan, [wanted]).get(wanted) ?? null;
}

it('uses a finished run of the same fingerprint again, also of another tree', () => {
  expect(uses({})).toBe('r');
  expect(uses({ tree: 'other' })).toBe('r');
});

it.each<[string, Partial<RunRecord>]>([
  ['of another fingerprint in the same tree', { fingerprint: 'g' }],
  ['with another setting', { settings: { k: '4' } }],
  ['of another experiment', { experiment: 'other' }],
  ['with another seed', { seed: 2 }],
  ['with other samples', { samples: 99 }],
  ['of another profile', { profile: 'large' }],
  ['with other settings of the profile', { profileSettings: { d: 1 } }],
  ['that began with the weights of another', { from: 'x' }],
  ['on a secret world', { secretWorld: 'hash' }],
  ['that did not finish', { status: 'killed' }],
])('does not use one %s', (_, more) => expect(uses(more)).toBeNull());

it('trusts the fingerprint of a night only in the same tree: its code may hide what it loads', () => {
  expect(uses({ sprint: 's' })).toBe('r');
  expect(uses({ sprint: 's', tree: 'other' })).toBeNull();
});

it('knows earlier runs, which have no fingerprint, by their tree', () => {
  expect(uses({ fingerprint: undefined })).toBe('r');
  expect(uses({ fingerprint: undefined, tree: 'other' })).toBeNull();
});

it.each([
  ['as many samples as the profile asks for', { samples: 100 }, 'finished'],
  ['all rows there are, which are fewer', { samples: 60, all: true as const }, 'finished'],
  ['fewer samples', { samples: 60 }, 'not judged'],
  ['all rows that an earlier number asked for', { samples: 120, all: true as const }, 'not judged'],
])('takes the verdict of a run on %s, and judges no other run as it is', async (_, of, status) => {
  expect(uses({})).toBe('r');
  const verdict = exampleVerdict({ run: 'r', evaluation: { batch: 10, seed: 1, ...of } });
  writeFileSync(join(repo, 'checkpoints/r/verdict.json'), JSON.stringify(verdict));
  const plan = {
    ...{ repo, task: exampleTask(), profileName: 'tiny', tree: 't', samples: 100 },
    abortable: () => Promise.reject(new UserError('the judge was asked')),
  } as unknown as SweepPlan;
  expect((await sweepRun(plan, member)).status).toBe(status);
});

import { describe, expect, it } from 'vitest';
import type { RunRecord } from '#contract/run';
import { type Facts, nextOf } from './ending.ts';
import type { Ended } from './files.ts';

const wrote = (record: Partial<RunRecord>, more: Partial<Ended> = {}): Ended => ({
  ...{ name: 'loop-1', node: 'n1', refusal: null, left: {}, record: record as RunRecord, ...more },
});
const facts = (over: Partial<Facts>): Facts => ({
  ...{ id: '12', ended: null, state: null, active: false, askedSince: true, overdue: false },
  ...{ stopped: null, said: null, ...over },
});
const byTrainer = wrote({ status: 'diverged', reason: 'NaN', endedBy: 'trainer' });
const bySignal = wrote({ status: 'killed', reason: 'a signal', endedBy: 'outside' }, { cut: 'signal' });

describe('what follows for a run', () => {
  it.each<[string, Partial<Facts>, ReturnType<typeof nextOf> | object]>([
    ['a job that may still run', { active: true }, 'wait'],
    [
      'its own end, while Slurm says that the job runs',
      { ended: byTrainer, active: true },
      { status: 'diverged' },
    ],
    ['a signal, and Slurm may start it again', { ended: bySignal, active: true }, 'wait'],
    [
      'a signal, and Slurm was not asked since',
      { ended: bySignal, askedSince: false, state: 'CANCELLED' },
      'wait',
    ],
    [
      'a signal, and the job was cancelled',
      { ended: bySignal, state: 'CANCELLED' },
      { status: 'killed', endedBy: 'outside' },
    ],
    [
      'a signal, and the job was preempted for good',
      { ended: bySignal, state: 'PREEMPTED' },
      { again: 'job 12 was taken away (PREEMPTED)' },
    ],
    [
      'a signal that we sent',
      { ended: bySignal, active: true, stopped: { reason: 'enough', by: 'sprint' } },
      { status: 'killed', reason: 'enough', endedBy: 'sprint' },
    ],
    [
      'its own end, though it was to be stopped',
      { ended: byTrainer, stopped: { reason: 'enough', by: 'user' } },
      { status: 'diverged', endedBy: 'trainer' },
    ],
    [
      'the time limit of the job',
      { ended: { ...bySignal, cut: 'time-limit' }, active: true },
      { again: 'job 12 came to its time limit' },
    ],
    ['a job that is gone, and its word may come late', { state: 'COMPLETED' }, 'wait'],
    [
      'a job that is gone, and its word never came',
      { state: 'FAILED', overdue: true, said: 'no node' },
      { status: 'failed', reason: 'job 12 ended (FAILED) and left no record: no node (slurm/slurm.log)' },
    ],
    ['a dead node', { state: 'NODE_FAIL', overdue: true }, { again: 'job 12 was taken away (NODE_FAIL)' }],
    ['a job that Slurm has forgotten', { overdue: true }, { again: 'Slurm no longer knows job 12' }],
    ['a job that was out of memory', { state: 'OUT_OF_MEMORY', overdue: true }, { status: 'out-of-memory' }],
    [
      'a job that we took out of the queue',
      { state: 'CANCELLED', stopped: { reason: 'enough', by: 'loop' } },
      { status: 'killed', reason: 'enough', endedBy: 'loop' },
    ],
  ])('%s', (_, over, next) => {
    const got = nextOf(facts(over));
    if (next === 'wait') expect(got).toBe('wait');
    else expect(got).toMatchObject(next);
  });

  it('a node without a sandbox: which, why, and what to do', () => {
    const ended: Ended = {
      name: 'loop-1',
      node: 'n7',
      refusal: null,
      left: {},
      noSandbox: { why: 'bubblewrap is not installed', install: 'sudo apt install bubblewrap' },
    };
    expect(nextOf(facts({ ended, active: true }))).toEqual({
      status: 'failed',
      reason:
        'node n7: bubblewrap is not installed, so nothing was run there; sudo apt install bubblewrap; or keep jobs off the node (sbatch: ["--exclude=n7"] in TASK.md), or accept the risk with --sandbox off',
      endedBy: 'limit',
    });
  });
});

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { pausePath } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { call, finish, start, train, wait } from '../fixtures/scripted.ts';
import type { LoopState } from '../journal/state.ts';
import { isPaused } from './pause.ts';

it('makes no call and starts no run while it is paused; a run under way goes on', async () => {
  const second = train('plain', { set: ['f1=0.7'] });
  const repo = tinyRepository([[start('first'), [train(), second], wait, call('read_results'), finish()]]);
  const held: { state: () => LoopState; turns: number; runs: number }[] = [];
  let turns = 0;
  let runs = 0;
  let runEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    runEnded = resolve;
  });
  const { code, events } = await loopIn(repo, { maxSprints: 1 }, (loop) => (event) => {
    if (event.type === 'turn.finished') turns++;
    if (event.type === 'run.finished') runEnded();
    if (event.type === 'run.started' && ++runs === 1) {
      mkdirSync(dirname(pausePath(repo)), { recursive: true });
      writeFileSync(pausePath(repo), '');
    }
    if (event.type === 'loop.paused') {
      held.push({ state: loop.journal.state, turns, runs });
      void ended.then(async () => {
        await sleep(1000);
        held.push({ state: loop.journal.state, turns, runs });
        expect(loop.journal.state().paused).not.toBeNull();
        rmSync(pausePath(repo));
      });
    }
  });
  expect(code).toBe(0);
  const types = events.map((e) => e.type);
  // The current run ended; the second run of the queue and the next call waited.
  expect(held.map(({ turns, runs }) => [turns, runs])).toEqual([
    [2, 1],
    [2, 1],
  ]);
  expect(types.filter((t) => t === 'loop.paused')).toHaveLength(1);
  const resumed = types.indexOf('loop.continued');
  expect(types.indexOf('run.finished')).toBeLessThan(resumed);
  expect(types.lastIndexOf('run.started')).toBeGreaterThan(resumed);
  expect(types.filter((t) => t === 'run.finished')).toHaveLength(2);
  expect(events.at(-1)).toMatchObject({ code: 'sprints' });
});

it('ends when it is asked to stop, without a call or a run more, and stays paused for the next start', async () => {
  const repo = tinyRepository([
    [start('first'), [train(), train('plain', { set: ['f1=0.7'] })], wait, finish()],
  ]);
  const { code, events } = await loopIn(repo, {}, (loop) => (event) => {
    if (event.type === 'run.started') writeFileSync(pausePath(repo), '');
    if (event.type === 'loop.paused') loop.stopper.ask({ code: 'stop', reason: 'enough' });
  });
  expect(code).toBe(0);
  const types = events.map((e) => e.type);
  expect(types.filter((t) => t === 'run.started')).toHaveLength(1);
  expect(types.filter((t) => t === 'turn.finished')).toHaveLength(2);
  expect(types).not.toContain('loop.continued');
  expect(isPaused(repo)).toBe(true);
});

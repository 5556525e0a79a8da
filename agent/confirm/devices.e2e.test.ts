import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { RunRequest } from '../executor/executor.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';

it('every run on a secret world holds a slot of the pool, and trains on its device', async () => {
  const confirm = '{ share: 1, looks: [3], sideBySide: 3 }';
  const repo = withSecretWorlds(tinyRepository([sprintTo('base', 0.6)]), '{ f1, mcc }', confirm);
  const path = join(repo, 'TASK.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace('metric: f1', 'devices: [0, 7]\nmetric: f1'));
  git(repo, 'commit', '-qam', 'Two devices');
  const secret: Pick<RunRequest, 'device' | 'threads' | 'samples'>[] = [];
  const running = new Set<Promise<unknown>>();
  // These runs are short: under load one may end before the next has started. The first waits for it.
  let areTwo = (): void => {};
  const two = new Promise<void>((resolve) => {
    areTwo = resolve;
  });
  let held = 0;
  let most = 0;
  const { code } = await loopIn(repo, { maxSprints: 1 }, (loop) => {
    const { executor } = loop;
    loop.devices.watch((counts) => {
      held = counts.held;
    });
    const start = executor.start.bind(executor);
    executor.start = async (request) => {
      const started = await start(request);
      const together = request.secretWorld ? Promise.race([two, sleep(60_000)]) : null;
      const done = started.done.then(async (record) => {
        await together;
        return record;
      });
      const handle = { ...started, done };
      running.add(done);
      void done.then(() => running.delete(done));
      most = Math.max(most, running.size);
      if (most === 2) areTwo();
      expect(running.size).toBeLessThanOrEqual(held);
      const { device, threads, samples } = request;
      if (request.secretWorld) secret.push({ device, threads, samples });
      return handle;
    };
    return () => {};
  });
  expect(code).toBe(0);
  // Three worlds, then the best once more on a new one and on a known one.
  expect(secret).toHaveLength(5);
  expect(new Set(secret.map(({ device }) => device))).toEqual(new Set(['0', '7']));
  expect(secret.every(({ threads }) => threads === undefined)).toBe(true);
  expect(most).toBe(2);
});

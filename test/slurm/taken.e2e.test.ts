import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missing, type Node } from './cluster.ts';
import { jobOf, saved, scene, until, waitsOf } from './scene.ts';

/** What the trainer printed when it was resumed: the rows that were left. */
const resumedWith = (dir: string) => JSON.parse(readFileSync(join(dir, 'trainer.log'), 'utf8'));
const REST = { rows: 4 * 1024, resumed: true };

describe.skipIf(missing() !== null)('a run whose job is taken away', () => {
  const { cluster, start, hold, task } = scene();

  it('goes on from what it saved when a job with more right takes its node', async () => {
    const run = await start('pausing');
    const waits = waitsOf(run);
    await saved(run);
    const { began } = jobOf(run);
    await until(() => waits.at(-1) === 'trains');
    const holder = hold(300, '--partition=urgent', '--nodes=2');
    await until(() => waits.at(-1) !== 'trains');
    cluster.ask('scancel', holder);
    const record = await run.done;
    expect(record).toMatchObject({ status: 'finished', rowsServed: (2 + 4) * 1024 });
    expect(jobOf(run).began).toMatchObject({ id: began?.id, restart: 1 });
    expect(resumedWith(run.dir)).toEqual(REST);
    expect(waits.filter((reason) => reason === 'trains')).toHaveLength(2);
  });

  it('goes on on another node when its node dies', async () => {
    const run = await start('pausing');
    await saved(run);
    const dead = jobOf(run).began?.node as Node;
    cluster.killNode(dead);
    const record = await run.done;
    cluster.startNode(dead);
    expect(record).toMatchObject({ status: 'finished' });
    expect(jobOf(run).began?.node).not.toBe(dead);
    expect(resumedWith(run.dir)).toEqual(REST);
    await until(() => cluster.isUp);
  });

  it('saves before the time limit of its job, and goes on in another job', async () => {
    const run = await start('pausing', { task: task({ resources: { time: '0:01:00' } }) });
    const waits = waitsOf(run);
    await saved(run);
    const { began } = jobOf(run);
    const record = await run.done;
    expect(record).toMatchObject({ status: 'finished' });
    expect(jobOf(run).began?.id).not.toBe(began?.id);
    expect(resumedWith(run.dir)).toEqual(REST);
    expect(waits).toContain(`job ${began?.id} came to its time limit; it goes on in another`);
  });
});

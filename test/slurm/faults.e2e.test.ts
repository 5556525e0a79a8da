import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RunHandle } from '#agent/executor/executor';
import { noSandbox } from '#host/sandbox';
import { missing, type Node } from './cluster.ts';
import { jobOf, saved, scene, until, waitsOf } from './scene.ts';

/** What the trainer printed when it was resumed: the rows that were left. */
const resumedWith = (dir: string) => JSON.parse(readFileSync(join(dir, 'trainer.log'), 'utf8'));
const REST = { rows: 4 * 1024, resumed: true };

describe.skipIf(missing() !== null)('a run whose job is disturbed', () => {
  const { cluster, repo, start, hold, task, executor } = scene();

  it('goes on from what it saved when a job with more right takes its node', async () => {
    const run = await start('pausing');
    const waits = waitsOf(run);
    await saved(run);
    const { began } = jobOf(run);
    hold(3, '--partition=urgent', '--nodes=2');
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
    await until(() => cluster.ask('sinfo', '--noheader', '--partition=main', '--format=%T') === 'idle');
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

  it('does not end while Slurm is away, nor does one that ends then, or starts', async () => {
    const by = executor();
    const runs = await Promise.all([start('pausing', {}, by), start('pausing', { seed: 8 }, by)]);
    await Promise.all(runs.map(saved));
    const [first, second] = runs as [RunHandle, RunHandle];
    let ended = false;
    void first.done.then(() => {
      ended = true;
    });
    cluster.killController();
    // The trainer of the second ends by itself.
    for (const pid of cluster.processes(jobOf(second).began?.node))
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--out\0${second.dir}/out\0`))
        process.kill(pid, 'SIGKILL');
    expect(await second.done).toMatchObject({ status: 'out-of-memory', endedBy: 'trainer' });
    const third = await start('good', {}, by);
    const waits = waitsOf(third);
    await sleep(6000);
    expect(ended).toBe(false);
    expect(waits.at(-1)).toBe('Slurm does not answer');
    cluster.startController();
    expect(await third.done).toMatchObject({ status: 'finished' });
    expect(ended).toBe(false);
    expect(await first.stop('done')).toMatchObject({ status: 'killed', reason: 'done' });
    expect(existsSync(join(first.dir, 'out/result.json'))).toBe(true);
  });

  it('that somebody cancels in Slurm has ended from outside', async () => {
    const run = await start('pausing');
    await saved(run);
    cluster.ask('scancel', jobOf(run).began?.id ?? '');
    const record = await run.done;
    expect(record).toMatchObject({ status: 'killed', endedBy: 'outside' });
    expect(record.reason).toMatch(/^job \d+ was (ended|cancelled) in Slurm/);
  });

  it('is found again by another supervisor, and is trained once', async () => {
    const run = await start('pausing');
    await saved(run);
    const again = { repo, task: task(), dir: run.dir, sandbox: noSandbox('test'), orAnew: true };
    const { began } = jobOf(run);
    expect(executor().goesOn(run.dir)).toBe(true);
    const follower = await executor().resume(again);
    const record = await follower.stop('found it');
    expect(record).toMatchObject({ status: 'killed', reason: 'found it' });
    expect(jobOf(run).began).toMatchObject({ id: began?.id, restart: 0 });
  });
});

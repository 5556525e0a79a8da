import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunHandle } from '#agent/executor/executor';
import { noSandbox } from '#host/sandbox';
import { missing } from './cluster.ts';
import { jobOf, saved, scene, until, waitsOf } from './scene.ts';

describe.skipIf(missing() !== null)('a run whose cluster, or loop, is disturbed', () => {
  const { cluster, repo, start, task, executor } = scene();

  it('does not end while Slurm is away, nor does one that ends then, or starts', async () => {
    const by = executor();
    const runs = await Promise.all([start('pausing', {}, by), start('pausing', { seed: 8 }, by)]);
    await Promise.all(runs.map(saved));
    const [first, second] = runs as [RunHandle, RunHandle];
    let ended = false;
    void first.done.then(() => {
      ended = true;
    });
    await cluster.stopController();
    // The trainer of the second ends by itself.
    for (const pid of cluster.processes(jobOf(second).began?.node))
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--out\0${second.dir}/out\0`))
        process.kill(pid, 'SIGKILL');
    expect(await second.done).toMatchObject({ status: 'out-of-memory', endedBy: 'trainer' });
    const third = await start('good', {}, by);
    const waits = waitsOf(third);
    await until(() => waits.at(-1) === 'Slurm does not answer');
    expect(ended).toBe(false);
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

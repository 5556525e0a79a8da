import { existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readEnded } from '#agent/executor/slurm/files';
import type { Progress } from '#contract/run';
import { bubblewrap, tryBubblewrap } from '#host/bubblewrap';
import { isAlive, processStart } from '#host/processes';
import { noSandbox } from '#host/sandbox';
import { missing } from './cluster.ts';
import { jobOf, saved, scene, until, waitsOf } from './scene.ts';

const why = missing();
const off = { sandbox: noSandbox('test') };

/** A PATH with the programs of this machine, except that one. */
function withoutBubblewrap(folder: string): string {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/bin'];
  for (const place of places.filter((path) => existsSync(path)))
    for (const name of readdirSync(place))
      if (name !== 'bwrap' && !existsSync(join(folder, name)))
        symlinkSync(join(place, name), join(folder, name));
  return folder;
}

describe.skipIf(why !== null)('a run as a job of Slurm', () => {
  const { folder, cluster, repo, start, hold, running, task, executor } = scene();

  it('trains on a node, and leaves the record and the progress of any run', async () => {
    const run = await start('good', { settings: { k: '3' } });
    const seen: Progress[] = [];
    run.onProgress((progress) => seen.push(progress));
    const record = await run.done;
    expect(record).toMatchObject({
      ...{ status: 'finished', reason: null, endedBy: 'trainer', sandbox: 'off (test)' },
      // 5 batches to train on and one for the norm.
      ...{ rowsServed: 6 * 1024, settings: { k: '3' }, samples: 5000 },
    });
    expect(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8'))).toEqual(record);
    expect(seen.map(({ samples }) => samples)).toEqual([1, 2]);
    expect(await run.refusal).toBeNull();
    expect(jobOf(run)).toMatchObject({ began: { node: 'n1', restart: 0 }, id: undefined });
  });

  it.each([
    ['crash', 'failed', 'exit code 1: W_enc has 3 columns, 4 expected (trainer.log)'],
    ['diverge', 'diverged', 'loss is NaN at step 12'],
    ['hungry', 'out-of-memory', 'memory'],
  ])('that goes the way of "%s" is %s', async (experiment, status, reason) => {
    const record = await (await start(experiment)).done;
    expect(record).toMatchObject({ status, reason: expect.stringContaining(reason) });
  });

  it('that refuses its arguments can be taken back', async () => {
    const run = await start('refuse');
    expect(await run.refusal).toBe('k must be a number');
    await run.discard();
    expect(existsSync(run.dir)).toBe(false);
  });

  it('that Slurm refuses is a line with its word, and leaves nothing behind', async () => {
    const before = readdirSync(join(repo, 'checkpoints')).length;
    await expect(start('good', { task: task({ partition: 'none' }) })).rejects.toThrow(
      'Slurm refused the job: Batch job submission failed: Invalid partition name specified; see executor.slurm in TASK.md',
    );
    expect(readdirSync(join(repo, 'checkpoints')).length).toBe(before);
  });

  it('waits in a full queue, says why, and its clock starts when it does', async () => {
    const holders = [1, 2].map(() => hold(300));
    await running(2);
    const run = await start('good');
    const waits = waitsOf(run);
    await until(() => waits.some((reason) => /^(Resources|Priority)$/.test(reason)));
    const released = Date.now();
    cluster.ask('scancel', ...holders);
    const record = await run.done;
    expect(waits.at(-1)).toBe('trains');
    expect(Date.parse(record.startedAt)).toBeGreaterThan(released);
    expect(record.seconds).toBeLessThan((Date.now() - released) / 1000);
  });

  it('that still waits when the time of the loop is up is taken out of the queue', async () => {
    hold(300, '--nodes=2');
    await running(1);
    const record = await (await start('good', { timeoutSeconds: 3 })).done;
    expect(record).toMatchObject({ status: 'killed', endedBy: 'limit', seconds: 0 });
    expect(record.reason).toMatch('waited in the queue until the time of the loop was up');
  });

  it('that is stopped saves first; in the queue it is taken out of it', async () => {
    const run = await start('pausing');
    await saved(run);
    const record = await run.stop('the test is done', { by: 'researcher' });
    expect(record).toMatchObject({ status: 'killed', reason: 'the test is done', endedBy: 'researcher' });
    expect(record.rowsServed).not.toBeNull();
    const { status } = JSON.parse(readFileSync(join(run.dir, 'out/result.json'), 'utf8'));
    expect(status).toBe('interrupted');
    const resumed = await executor().resume({ repo, task: task(), dir: run.dir, ...off });
    expect(await resumed.done).toMatchObject({ status: 'finished', endedBy: 'trainer' });

    hold(300, '--nodes=2');
    const waiting = await start('good');
    await until(() => /PENDING/.test(cluster.ask('squeue', '--noheader', '--format=%T')));
    expect(await waiting.stop('not needed')).toMatchObject({ status: 'killed', reason: 'not needed' });
  });

  it('that is stopped at once takes all its processes with it, though it ignores SIGTERM', async () => {
    const run = await start('deaf');
    const path = join(run.dir, 'out/child.pid');
    await until(() => existsSync(path));
    const child = Number(readFileSync(path, 'utf8'));
    const begun = processStart(child);
    expect(await run.stop('the test is impatient', { graceSeconds: 0 })).toMatchObject({ status: 'killed' });
    await until(() => !isAlive(child, begun));
  });

  it('shares the cluster with another', async () => {
    const by = executor();
    const runs = await Promise.all([1, 2].map((seed) => start('pausing', { seed }, by)));
    await Promise.all(runs.map(saved));
    expect(runs.map((run) => jobOf(run).began?.node).sort()).toEqual(['n1', 'n2']);
    await Promise.all(runs.map((run) => run.stop('done')));
  });

  it('is confined on its node; where it cannot be, nothing is run and the reason says where', async (test) => {
    const tried = await tryBubblewrap(repo);
    if (!tried.ok) test.skip(`no sandbox: ${tried.why}`);
    expect(await (await start('good', { sandbox: bubblewrap(repo) })).done).toMatchObject({
      ...{ status: 'finished', sandbox: 'bubblewrap' },
    });
    const { PATH } = process.env;
    process.env.PATH = withoutBubblewrap(mkdtempSync(join(folder, 'path-')));
    const run = await start('good', { sandbox: bubblewrap(repo) });
    process.env.PATH = PATH;
    const record = await run.done;
    expect(record).toMatchObject({ status: 'failed', endedBy: 'limit' });
    expect(record.reason).toMatch(
      /^node n1: bubblewrap is not installed, so nothing was run there; .*--exclude=n1.*--sandbox off/,
    );
    expect(existsSync(join(run.dir, 'trainer.log'))).toBe(false);
    await until(() => cluster.ask('scontrol', 'show', 'job', '--oneliner').includes('ExitCode=87:0'));
  });

  it('has the end that its folder shows, however late; and one if it never does', async () => {
    let hiddenUntil = Number.POSITIVE_INFINITY;
    const lagging = (lagSeconds: number) =>
      executor({
        lagSeconds,
        readEnded: (dir, name) => (Date.now() < hiddenUntil ? null : readEnded(dir, name)),
      });
    const late = await start('good', {}, lagging(60));
    await until(() => existsSync(join(late.dir, 'slurm/ended.json')));
    await sleep(1500);
    hiddenUntil = 0;
    expect(await late.done).toMatchObject({ status: 'finished' });
    hiddenUntil = Number.POSITIVE_INFINITY;
    const never = await start('good', {}, lagging(2));
    const record = await never.done;
    expect(record).toMatchObject({ status: 'failed', endedBy: 'outside' });
    expect(record.reason).toMatch(/^job \d+ ended \(COMPLETED\) and left no record/);
  });
});

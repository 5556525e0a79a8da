import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newKeys, reach } from '#agent/executor/slurm/link';
import { bubblewrap } from '#host/bubblewrap';
import { missing } from './cluster.ts';
import { until } from './scene.ts';
import { secretScene, WORDS } from './secret-scene.ts';

describe.skipIf(missing() !== null)('a run on a secret world as a job of Slurm', () => {
  const { folder, cluster, repo, task, begin, jobs, job, has, places } = secretScene();

  it('leaves nothing of the world on what nodes share, in its script or its environment', async () => {
    const mark = join(mkdtempSync(join(tmpdir(), 'mark-')), 'trains');
    const run = await begin({ settings: { k: mark } });
    const seen = { processes: 0, text: '' };
    await until(() => existsSync(mark));
    const [name = ''] = jobs();
    const files = () => spawnSync('grep', ['-rha', '', job()], { encoding: 'latin1' }).stdout;
    while (jobs().length > 0) {
      for (const pid of cluster.processes()) {
        seen.processes++;
        for (const file of ['environ', 'cmdline'])
          seen.text += spawnSync('cat', [`/proc/${pid}/${file}`], { encoding: 'latin1' }).stdout;
      }
      for (const id of cluster.ask('squeue', '--noheader', '--format=%i').split('\n').filter(Boolean))
        seen.text += cluster.ask('scontrol', 'write', 'batch_script', id, '-');
      seen.text += files();
      expect(has(repo)).toBe('');
      rmSync(mark, { force: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const record = await run.done;
    expect(record).toMatchObject({ status: 'finished', endedBy: 'trainer', rowsServed: 6 * 1024 });
    expect(record.secretWorld).toBe('hash-of-the-world');
    // The daemon of the job, its script, its program and the trainer.
    expect(seen.processes).toBeGreaterThanOrEqual(4);
    expect(seen.text).toContain('"rows": {');
    for (const secret of [WORDS, 'hash-of-the-world']) expect(seen.text).not.toContain(secret);
    expect([has(repo), has(cluster.folder), jobs()]).toEqual(['', '', []]);
    // All that the trainer left lies on the disk of this machine.
    expect(readFileSync(join(run.dir, 'out/evals/rows'), 'utf8')).toContain(WORDS);
    expect(existsSync(join(run.dir, 'out/checkpoint.safetensors'))).toBe(true);
    expect(places(name)).toEqual([]);
    await run.discard();
    expect(existsSync(run.dir)).toBe(false);
  });

  it('that fails says why to its supervisor alone', async () => {
    const run = await begin({ settings: { k: '1' } });
    let shared = '';
    const timer = setInterval(() => {
      shared ||= has(repo);
    }, 50);
    const record = await run.done;
    clearInterval(timer);
    expect(record).toMatchObject({ status: 'failed', endedBy: 'trainer' });
    expect(record.reason).toContain(WORDS);
    expect(shared).toBe('');
  });

  it('gives rows to nobody who does not hold the key of its job', async () => {
    const run = await begin();
    // Written after `began.json`, once the job has made its keys.
    await until(() => existsSync(join(job(), 'slurm/hello.json')));
    const { rows } = JSON.parse(readFileSync(join(job(), 'slurm/asked.json'), 'utf8'));
    const { key } = JSON.parse(readFileSync(join(job(), 'slurm/hello.json'), 'utf8'));
    // One of its own, and that which the job has shown.
    await expect(reach(newKeys(), rows)).rejects.toThrow('gives no rows');
    await expect(reach({ ...newKeys(), shown: key }, rows)).rejects.toThrow('gives no rows');
    expect(await run.done).toMatchObject({ status: 'finished' });
  });

  it('runs nothing on a node without a sandbox, in which it else trains', async () => {
    if (!existsSync('/usr/bin/bwrap')) return;
    const places = mkdtempSync(join(folder, 'path-'));
    for (const place of [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/bin'].filter(existsSync))
      for (const name of readdirSync(place))
        if (name !== 'bwrap' && !existsSync(join(places, name)))
          symlinkSync(join(place, name), join(places, name));
    const { PATH } = process.env;
    process.env.PATH = places;
    const run = await begin({ sandbox: bubblewrap(repo) }).finally(() => {
      process.env.PATH = PATH;
    });
    const record = await run.done;
    expect(record).toMatchObject({ status: 'failed', endedBy: 'service' });
    // By no fault of the candidate, which is not counted.
    expect(await run.fault).toContain('nothing was run there');
    expect(record.rowsServed).toBeNull();
  });

  it('is not a job where nodes cannot get its rows', async () => {
    await expect(begin({ task: task() })).rejects.toThrow('must not lie where the nodes read');
  });
});

import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunHandle } from '#agent/executor/executor';
import { missing, type Node } from './cluster.ts';
import { until } from './scene.ts';
import { secretScene, WORDS } from './secret-scene.ts';

describe.skipIf(missing() !== null)('a run on a secret world whose job is taken away', () => {
  const { cluster, repo, begin, hold, running, jobs, job, has, places, executor } = secretScene();

  const said = (name: string) => {
    const { node, id, restart, key } = Object.assign(
      {},
      ...['began', 'hello'].map((file) =>
        JSON.parse(readFileSync(join(repo, 'state/confirming', name, 'slurm', `${file}.json`), 'utf8')),
      ),
    );
    return { node: node as Node, id: id as string, restart: restart as number, key: key as string };
  };
  /** Begins one whose first start trains until it is taken away. */
  async function begun() {
    const mark = join(mkdtempSync(join(tmpdir(), 'mark-')), 'begun');
    const others = jobs();
    const run = await begin({ settings: { k: mark } });
    const [name = ''] = jobs().filter((each) => !others.includes(each));
    const all = new Set<string>();
    const starts = new Map<string, ReturnType<typeof said>>();
    const timer = setInterval(() => {
      try {
        const start = said(name);
        // Its key is the last that a start shows.
        if (!starts.has(start.key)) starts.set(start.key, start);
        for (const place of places(name)) all.add(place);
      } catch {} // Between two starts, or after the last one.
    }, 20);
    void run.done.finally(() => clearInterval(timer));
    await until(() => existsSync(mark) && starts.size === 1);
    return { run, name, places: all, starts: () => [...starts.values()] };
  }
  /** It was trained from its first row on, came back whole, and left nothing where others see it. */
  async function isWhole({ run, name }: { run: RunHandle; name: string }) {
    expect(await run.done).toMatchObject({ status: 'finished', endedBy: 'trainer', rowsServed: 6 * 1024 });
    expect(await run.fault).toBeNull();
    expect(readFileSync(join(run.dir, 'out/evals/rows'), 'utf8')).toContain(WORDS);
    expect([has(repo), has(cluster.folder), jobs().filter((each) => each === name)]).toEqual(['', '', []]);
    expect(places(name)).toEqual([]);
  }

  it('begins anew with another key when a job with more right takes its node', async () => {
    const taken = await begun();
    hold(2, '--partition=urgent', '--nodes=2');
    await isWhole(taken);
    const [first, second, ...more] = taken.starts();
    expect(second).toMatchObject({ id: first?.id, restart: 1 });
    expect(more).toEqual([]);
    expect(taken.places.size).toBe(2);
  });

  it('begins anew where its node dies and Slurm is restarted, while another one ends', async () => {
    const taken = await begun();
    const other = await begin();
    const [nameOfOther = ''] = jobs().filter((name) => name !== taken.name);
    await until(() => places(nameOfOther).some((place) => has(place) !== ''));
    const dead = taken.starts()[0]?.node as Node;
    await cluster.stopController();
    cluster.killNode(dead);
    // What it wrote of the world still lies on the disk of its node.
    expect(places(taken.name).map((place) => has(place) !== '')).toEqual([true]);
    await isWhole({ run: other, name: nameOfOther });
    cluster.startController();
    await isWhole(taken);
    cluster.startNode(dead);
    expect(taken.starts().map(({ node }) => node === dead)).toEqual([true, false]);
    await until(() => cluster.isUp);
  });

  it('begins anew in another job where its own comes to its time limit', async () => {
    const taken = await begun();
    const [first] = taken.starts();
    // The signal that Slurm gives before the limit.
    cluster.ask('scancel', '--batch', '--signal=INT', first?.id ?? '');
    await isWhole(taken);
    const [, second] = taken.starts();
    expect(second).toMatchObject({ restart: 0 });
    expect(second?.id).not.toBe(first?.id);
  });

  it('that waits in the queue is taken out of it, with its folder, by a loop that finds it left', async () => {
    hold(300, '--nodes=2');
    await running(1);
    const run = await begin();
    await until(() => /PENDING/.test(cluster.ask('squeue', '--noheader', '--format=%T')));
    expect(existsSync(job())).toBe(true);
    expect(await executor().endLeft(run.dir)).toBe(true);
    expect(jobs()).toEqual([]);
    expect(cluster.ask('squeue', '--noheader', '--states=PENDING')).toBe('');
    expect(await run.done).toMatchObject({ status: 'killed', endedBy: 'outside' });
  });
});

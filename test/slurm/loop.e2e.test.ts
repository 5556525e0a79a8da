import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventsPath } from '#agent/common/paths';
import { keyOf } from '#agent/confirm/key';
import { loopIn, startCommand, tinyRepository } from '#agent/fixtures/loop';
import { branchOf, git } from '#agent/fixtures/repo';
import { finish, start, train, wait, write } from '#agent/fixtures/scripted';
import { withSecretWorlds } from '#agent/fixtures/secret-worlds';
import { readEvents } from '#agent/journal/events';
import { readSprints } from '#agent/ledger/ledger';
import { runNames } from '#agent/ledger/run-folder';
import { worktreeOf } from '#host/worktree';
import { Cluster, missing } from './cluster.ts';
import { until } from './scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'slurm-'));
const cluster = new Cluster(join(folder, 'cluster'));
/** A disk that the nodes do not share, as far as its number tells. */
const OWN_DISK = '/dev/shm';

const asked = (run: string) => JSON.parse(readFileSync(join(run, 'slurm/asked.json'), 'utf8'));
const steady = (seconds: number) => [
  // The loop may be killed after the first time that its researcher waits, which is then answered at once.
  ...[start('first'), write(0.9), train('steady', { set: [`seconds=${seconds}`] }), wait, wait, finish()],
];

/** The number of a job that is submitted now, and taken back: Slurm counts them. */
function nextJob(): number {
  const id = cluster.ask('sbatch', '--parsable', '--hold', '--output=/dev/null', '--wrap=true');
  cluster.ask('scancel', id);
  return Number(id);
}

/** A tiny repository whose runs are jobs. */
function onSlurm(seconds: number, executor = 'slurm'): string {
  const repo = tinyRepository([steady(seconds)]);
  const path = join(repo, 'TASK.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^metric:/m, `executor: ${executor}\nmetric:`));
  git(repo, 'commit', '-qam', 'Runs are jobs of Slurm');
  return repo;
}

describe.skipIf(missing() !== null)('a loop whose runs are jobs of Slurm', () => {
  const before = { ...process.env };
  beforeAll(async () => {
    await cluster.start();
    Object.assign(process.env, cluster.env);
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, cluster.env);
  });
  afterAll(async () => {
    await cluster.stop();
    if (!process.env.KEEP_TMP) rmSync(folder, { recursive: true, force: true });
  });

  it('that is killed finds its job again, and the run is trained once', async () => {
    const repo = onSlurm(8);
    const args = ['--sandbox', 'off', '--max-sprints', '1'];
    const first = startCommand(repo, 'loop', ...args);
    const begun = () =>
      runNames(repo).find((run) => existsSync(join(repo, 'checkpoints', run, 'slurm/began.json')));
    await until(() => begun() !== undefined);
    const run = begun() as string;
    const dir = join(repo, 'checkpoints', run);
    const { name } = asked(dir);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = startCommand(repo, 'loop', ...args);
    expect(await second.ended, second.said()).toBe(0);
    expect(asked(dir).name).toBe(name);
    expect(JSON.parse(readFileSync(join(dir, 'slurm/began.json'), 'utf8'))).toMatchObject({ restart: 0 });
    const [sprint] = readSprints(join(worktreeOf(repo), 'sprints'));
    expect(sprint).toMatchObject({ outcome: 'new-best', candidate: run });
    expect(sprint?.runs).toMatchObject([{ id: run, status: 'finished', endedBy: 'trainer' }]);
    expect(sprint?.runs[0]?.seconds).toBeGreaterThan(8);
  });

  it('that is killed while it confirms makes each run on a secret world once, and leaves no job', async () => {
    const own = mkdtempSync(join(OWN_DISK, 'loop-secret-'));
    const how = '{ slurm: { jobs: 2, rowsFrom: 127.0.0.1 } }';
    // Long enough for both of a pair to train at the same time, though one starts late.
    const repo = withSecretWorlds(onSlurm(8, how), '{ f1, mcc }', '{ share: 1, looks: [2] }');
    mkdirSync(join(repo, 'state'), { recursive: true });
    symlinkSync(own, join(repo, 'state/secret'));
    const confirming = join(repo, 'state/confirming');
    const jobs = () => (existsSync(confirming) ? readdirSync(confirming) : []);
    const args = ['--sandbox', 'off', '--max-sprints', '1'];
    const first = startCommand(repo, 'loop', ...args);
    const trains = (job: string) => readdirSync('/tmp').some((name) => name.includes(job));
    await until(() => jobs().filter(trains).length === 2);
    first.child.kill('SIGKILL');
    await first.ended;
    const left = jobs();
    // A job whose loop is gone ends by itself.
    await until(() => cluster.ask('squeue', '--noheader') === '');
    const second = startCommand(repo, 'loop', ...args);
    expect(await second.ended, second.said()).toBe(0);
    const [sprint] = readSprints(join(worktreeOf(repo), 'sprints'));
    expect(sprint).toMatchObject({ outcome: 'new-best', confirmed: { nth: 1, result: 'confirmed' } });
    const { folder: secrets } = keyOf(repo, branchOf(repo));
    const lines = readFileSync(join(secrets, 'verdicts.jsonl'), 'utf8').trim().split('\n');
    const measured = lines.map((line) => JSON.parse(line));
    // At the end of the night the best is measured again.
    const inPairs = measured.filter(({ again, draw }) => again === undefined && draw < 2);
    expect(inPairs.map(({ draw, result }) => [draw, 'metrics' in result]).sort()).toEqual([
      [0, true],
      [1, true],
    ]);
    const events = readEvents(eventsPath(repo)).flatMap((event) =>
      event.type.startsWith('confirm.') && 'sprint' in event && event.sprint !== null ? [event.type] : [],
    );
    expect(events).toEqual([
      ...['confirm.started', 'confirm.started', 'confirm.measured', 'confirm.measured', 'confirm.finished'],
    ]);
    // Nothing is left of the jobs, nor a reference of git, which has the seed of a secret world.
    expect([jobs(), readdirSync(join(secrets, 'runs'))]).toEqual([[], []]);
    expect(left.filter(trains)).toEqual([]);
    const refs = git(repo, 'for-each-ref', '--format=%(refname)', 'refs/loop/runs').trim().split('\n');
    expect(refs).toEqual(runNames(repo).map((run) => `refs/loop/runs/${run}`));
    expect(cluster.ask('squeue', '--noheader')).toBe('');
    rmSync(own, { recursive: true });
  });

  it('has so many jobs at the same time as TASK.md says, in a sweep by hand', async () => {
    const repo = onSlurm(1, '{ slurm: { jobs: 2 } }');
    const args = ['steady', '--set', 'seconds=6', '--seeds', '3', '--samples', '1000', '--sandbox', 'off'];
    const sweep = startCommand(repo, 'sweep', ...args);
    let most = 0;
    const timer = setInterval(() => {
      const queue = cluster.ask('squeue', '--noheader', '--states=all', '--format=%T|%j');
      // Slurm has a job for a moment longer than the run: on a busy machine the next one may be there.
      const over = runNames(repo)
        .map((run) => join(repo, 'checkpoints', run))
        .filter((run) => existsSync(join(run, 'slurm/ended.json')))
        .map((run) => asked(run).name);
      const jobs = [...queue.matchAll(/^(?:RUNNING|PENDING)\|(loop-.*)$/gm)].map(([, name]) => name);
      most = Math.max(most, jobs.filter((name) => !over.includes(name)).length);
    }, 300);
    expect(await sweep.ended, sweep.said()).toBe(0);
    clearInterval(timer);
    expect(sweep.said()).toContain('2 at a time');
    expect(most).toBe(2);
    const nodes = runNames(repo).flatMap((run) => {
      const path = join(repo, 'checkpoints', run, 'slurm/began.json');
      return existsSync(path) ? [JSON.parse(readFileSync(path, 'utf8')).node] : [];
    });
    expect(nodes).toHaveLength(3);
    expect(new Set(nodes)).toEqual(new Set(['n1', 'n2']));
  });

  it.each([
    ['on its own machine', 'slurm', 1],
    ['as jobs', '{ slurm: { jobs: 2, rowsFrom: 127.0.0.1 } }', 4],
  ])(
    'gives no secret to a job, its script or the shared file system: confirming %s',
    async (_, how, least) => {
      const own = mkdtempSync(join(OWN_DISK, 'loop-secret-'));
      const repo = withSecretWorlds(onSlurm(3, how), '{ f1, mcc }', '{ share: 1, looks: [3] }');
      mkdirSync(join(repo, 'state'), { recursive: true });
      symlinkSync(own, join(repo, 'state/secret'));
      const secrets = ['sk-ant-of-the-test', 'https://hook.example/of-the-test', 'hub-of-the-test'];
      const [ANTHROPIC_API_KEY, LOOP_NOTIFY, HF_TOKEN] = secrets;
      Object.assign(process.env, { ANTHROPIC_API_KEY, LOOP_NOTIFY, HF_TOKEN });
      const seen = { environments: '', scripts: new Set<string>(), processes: 0 };
      const before = nextJob();
      const timer = setInterval(() => {
        for (const pid of cluster.processes()) {
          seen.processes++;
          for (const file of ['environ', 'cmdline'])
            seen.environments += spawnSync('cat', [`/proc/${pid}/${file}`], { encoding: 'latin1' }).stdout;
        }
        for (const id of cluster.ask('squeue', '--noheader', '--format=%i').split('\n').filter(Boolean))
          seen.scripts.add(cluster.ask('scontrol', 'write', 'batch_script', id, '-'));
      }, 500);
      const { code, events } = await loopIn(repo, { maxSprints: 1 });
      clearInterval(timer);
      expect(code).toBe(0);
      const { key } = JSON.parse(
        readFileSync(join(own, readdirSync(own)[0] as string, 'key.json'), 'utf8'),
      ) as { key: string };
      expect(nextJob() - before - 1).toBeGreaterThanOrEqual(least);
      // The worlds lie on the own disk, wherever their runs are made.
      expect(events.filter(({ type }) => type === 'confirm.measured').length).toBeGreaterThan(0);
      expect(seen.processes).toBeGreaterThan(5);
      const script = readFileSync(join(import.meta.dirname, '../../agent/executor/slurm/batch.sh'), 'utf8');
      expect([...seen.scripts].map((text) => text.trim())).toEqual([script.trim()]);
      for (const secret of [...secrets, key]) {
        expect(seen.environments).not.toContain(secret);
        const { stdout } = spawnSync('grep', ['-rlF', '--', secret, repo], { encoding: 'utf8' });
        expect(stdout).toBe('');
      }
      expect(spawnSync('find', [repo, '-name', 'world.json'], { encoding: 'utf8' }).stdout).toBe('');
      rmSync(own, { recursive: true });
    },
  );

  it('is not started where the keys of secret worlds would lie with the runs', async () => {
    const repo = withSecretWorlds(onSlurm(1), '{ f1, mcc }');
    await expect(loopIn(repo, { maxSprints: 1 })).rejects.toThrow(/on the same file system as the runs/);
    expect(existsSync(join(repo, 'state/secret'))).toBe(false);
  });
});

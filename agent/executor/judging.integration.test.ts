import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { writeJsonAtomic } from '#contract/atomic';
import type { RunRecord } from '#contract/run';
import type { Task } from '#contract/task';
import { Inspection, type TaskContract } from '#contract/task-contract';
import { tryBubblewrap } from '#host/bubblewrap';
import { readStat, seesProcesses } from '#host/processes';
import { noSandbox } from '#host/sandbox';
import { checkoutTree, snapshotTree } from '#host/tree';
import { exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { newRepo } from '../fixtures/repo.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { inspect } from '../tools/inspect.ts';
import { judgeEnv } from './judge-env.ts';
import { JudgeError, type JudgeRequest, judgeRun, measureSnapshots } from './judging.ts';
import { judgeAhead, snapshotsAhead } from './judging-ahead.ts';

// A small judge: `mode` in the run folder says what it does.
const judge = `
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
const [run, ...rest] = process.argv.slice(2);
const mode = readFileSync(run + '/mode', 'utf8');
console.log('loading');
if (mode === 'refuse') { console.error('error: no checkpoint'); process.exit(2); }
if (mode === 'encode') {
  const [program, ...words] = JSON.parse(process.env.LOOP_ENCODE);
  const [script] = words.splice(-1);
  console.error(spawnSync(program, [...words, rest[rest.indexOf('--tree-dir') + 1] + '/' + script], { encoding: 'utf8' }).stderr);
  if (!rest.includes('--json')) process.exit(0);
}
if (mode === 'hang') setInterval(() => {}, 1000);
else if (mode === 'babble') console.log('all is well');
else if (rest.includes('--ahead')) {
  console.log('{"ready":true}');
  let said = '';
  for await (const piece of process.stdin) said += piece;
  appendFileSync(run + '/asked', said);
  if (said === '' || mode === 'fail') process.exit(1);
  if (mode === 'deny') { console.error('error: it remembers'); process.exit(2); }
  if (!rest.includes('--evals')) console.log(JSON.stringify({ ...${JSON.stringify(exampleVerdict())}, run: 'ahead' }));
} else if (rest.includes('--evals')) {
  for (const samples of [10, 20]) {
    if (process.env.LOOP_PROGRESS) console.log(JSON.stringify({ progress: { done: samples / 10, of: 2, unit: 'snapshots' } }));
    console.log(JSON.stringify({ samples, evaluationSamples: 5, metrics: { f1: samples / 100 } }));
  }
} else {
  const dir = rest[rest.indexOf('--tree-dir') + 1];
  const encoder = readFileSync(dir + '/work/encode.mjs', 'utf8');
  const words = [encoder, process.env.LOOP_SANDBOX, process.env.SOME_API_KEY, process.env.LOOP_BEST_BOUND, ...rest.filter((w) => w !== dir)];
  console.log(JSON.stringify({ ...${JSON.stringify(exampleVerdict())}, run: words.join(' ') }));
}
`;
let repo: string;
let run: string;
const task = exampleTask();

beforeAll(async () => {
  repo = newRepo({ 'judge.mjs': judge, 'work/encode.mjs': 'the encoder then' });
  run = join(repo, 'checkpoints/run');
  mkdirSync(run, { recursive: true });
  const tree = await snapshotTree({ repo, folder: 'work' });
  const record: RunRecord = {
    ...{
      version: 2,
      researcherId: 'a',
      id: 'run',
      sprint: null,
      experiment: 'x',
      settings: {},
      profile: 'tiny',
      seed: 0,
      samples: 10,
    },
    ...{ tree, startedAt: '', endedAt: '', status: 'finished', reason: null, seconds: 1, rowsServed: 10 },
    ...{ machine: { host: '', cpu: '', cores: 1, gpu: null, node: '' }, sandbox: 'off (test)' },
  };
  writeJsonAtomic(join(run, 'run.json'), record);
  writeFileSync(join(repo, 'work/encode.mjs'), 'the encoder now');
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

const ask = (mode: string, over: Partial<JudgeRequest> = {}): JudgeRequest => {
  writeFileSync(join(run, 'mode'), mode);
  return { task, repo, runDir: run, sandbox: noSandbox('test'), ...over };
};

/** Has the run's record say this. Returns a function that puts back what it said before. */
function withRecord(change: Partial<RunRecord>): () => void {
  const path = join(run, 'run.json');
  const before = readFileSync(path, 'utf8');
  writeJsonAtomic(path, { ...JSON.parse(before), ...change });
  return () => writeFileSync(path, before);
}

/** Calls the tool `inspect` for the run. */
function look(of: Task = task): Promise<string> {
  const { sandbox } = ask('encode');
  const loop = { config: { repo, task: of }, sandbox, stopper: { hard: new AbortController().signal } };
  const sprint = { loop, claimedRuns: { resolve: (id: string) => id }, inspections: 0 };
  const inspection = Inspection.parse({ command: 'node judge.mjs', about: 'Anything.' });
  return inspect(sprint as unknown as OpenSprint, inspection, { run: 'run' });
}

it('gives the verdict on the tree that was trained, and tells the judge what it was asked', async () => {
  process.env.SOME_API_KEY = 'secret';
  const verdict = await judgeRun(ask('judge', { samples: 50, drawn: { seed: 3 }, bound: 0.5 }));
  delete process.env.SOME_API_KEY;
  expect(verdict.metrics).toEqual(exampleVerdict().metrics);
  expect(verdict.run).toBe('the encoder then off (test)  0.5 --tree-dir --samples 50 --eval-seed 3 --json');
});

it('gives the snapshots that were measured, and says how far it is', async () => {
  const told: number[] = [];
  const onProgress = ({ done }: { done: number }) => told.push(done);
  expect((await measureSnapshots(ask('judge', { onProgress }))).map((point) => point.samples)).toEqual([
    10, 20,
  ]);
  expect(told).toEqual([1, 2]);
});

it("passes on the judge's own line where it refuses", async () => {
  const refused = judgeRun(ask('refuse'));
  await expect(refused).rejects.toThrow(new JudgeError('no checkpoint'));
  await expect(refused).rejects.toMatchObject({ exitCode: 2 });
  expect(readFileSync(join(run, 'judge.log'), 'utf8')).toBe('error: no checkpoint\n');
});

it('says so when the judge says nothing, or nothing in time', async () => {
  await expect(judgeRun(ask('babble'))).rejects.toThrow(/gave no verdict .* it said "all is well"/);
  await expect(judgeRun(ask('hang', { timeoutSeconds: 0.5 }))).rejects.toThrow('no verdict after 0.5 s');
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  await expect(judgeRun(ask('hang', { signal: stop.signal }))).rejects.toThrow('the judge was stopped');
});

/** A machine with other work would let them wait in the background. */
const here = { background: false };

it('has a judge that has begun measure when it is asked, and not where it is ended', async () => {
  const asked = () => readFileSync(join(run, 'asked'), 'utf8');
  const begun = judgeAhead(ask('ready'));
  expect(await begun.now()).toMatchObject({ run: 'ahead' });
  expect(asked()).toBe('measure\n');
  await judgeAhead(ask('ready')).end();
  await snapshotsAhead(ask('ready', here)).end();
  expect(asked()).toBe('measure\n');
});

it('gives nothing of a judge that has failed since it began, and its refusal of a run', async () => {
  expect(await judgeAhead(ask('refuse')).now()).toBeNull();
  await snapshotsAhead(ask('refuse', here)).end();
  expect(await judgeAhead(ask('ready', { runDir: join(repo, 'work') })).now()).toBeNull();
  expect(await judgeAhead(ask('fail')).now()).toBeNull();
  await expect(judgeAhead(ask('deny')).now()).rejects.toThrow('it remembers');
});

it('needs a run folder', async () => {
  await expect(judgeRun(ask('judge', { runDir: join(repo, 'work') }))).rejects.toThrow(
    /work: not a run folder/,
  );
});

it.skipIf(!seesProcesses())(
  'ends what the encoder leaves behind, for the judge and for inspect',
  async () => {
    // In a session of its own, with nobody as its parent once the encoder has ended.
    const leave = `
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
const left = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
appendFileSync('${run}/left', left.pid + ' ');
left.unref();
`;
    writeFileSync(join(repo, 'work/encode.mjs'), leave);
    const putBack = withRecord({ tree: await snapshotTree({ repo, folder: 'work' }) });
    await judgeRun(ask('encode'));
    await look();
    putBack();
    const left = readFileSync(join(run, 'left'), 'utf8').trim().split(' ').map(Number);
    expect(left).toHaveLength(2);
    expect(left.filter((pid) => readStat(pid)?.zombie === false)).toEqual([]);
  },
);

it('computes on the GPU of the run, judge and encoder, and with no word of one where `devices` is not set', async () => {
  const told = join(run, 'told');
  const variables = ['CUDA_DEVICE_ORDER', 'CUDA_VISIBLE_DEVICES', 'HIP_VISIBLE_DEVICES'];
  for (const name of variables) vi.stubEnv(name, undefined);
  const tell = (who: string) =>
    `appendFileSync('${told}', '${who}: ' + ${JSON.stringify(variables)}.map((name) => process.env[name]).join(' ') + '\\n');`;
  writeFileSync(
    join(repo, 'work/encode.mjs'),
    `import { appendFileSync } from 'node:fs';\n${tell('encoder')}`,
  );
  writeFileSync(join(repo, 'judge.mjs'), judge.replace("console.log('loading');", tell('judge')));
  const tree = await snapshotTree({ repo, folder: 'work' });
  const putBack = withRecord({ tree, device: '0' });
  const lines = () => readFileSync(told, 'utf8').trimEnd().split('\n');
  /** What each way of asking tells, with `devices` of TASK.md as they are given. */
  const ways = async (devices: TaskContract['devices']) => {
    const placed = exampleTask((contract) => Object.assign(contract, { devices }));
    const asked = { ...here, task: placed };
    await judgeRun(ask('encode', asked));
    await measureSnapshots(ask('encode', asked));
    await judgeAhead(ask('encode', asked)).now();
    const before = lines().length;
    const following = snapshotsAhead(ask('encode', asked));
    await expect.poll(() => lines().length, { timeout: 60_000 }).toBe(before + 2);
    await following.end();
    await look(placed);
    await measureSnapshots(ask('encode', { ...asked, device: '3' }));
    const all = lines();
    rmSync(told);
    return all;
  };
  const on = (gpu: string) => [`judge: PCI_BUS_ID ${gpu} ${gpu}`, `encoder: PCI_BUS_ID ${gpu} ${gpu}`];
  expect(await ways([0])).toEqual([...Array(5).fill(on('0')), on('3')].flat());
  const none = ['judge:   ', 'encoder:   '];
  expect(await ways(undefined)).toEqual([...Array(5).fill(none), on('3')].flat());
  putBack();
  writeFileSync(join(repo, 'judge.mjs'), judge);
});

it('tells the judge how to start the encoder of that tree, in the sandbox and without our environment', async () => {
  const encoder = `
import { existsSync } from 'node:fs';
console.log(JSON.stringify({ words: process.argv.slice(2), key: process.env.SOME_API_KEY ?? null, state: existsSync('${repo}/state/secret') }));
`;
  writeFileSync(join(repo, 'work/encode.mjs'), encoder);
  const treeDir = await checkoutTree({ repo, tree: await snapshotTree({ repo, folder: 'work' }) });
  writeFileSync(join(repo, 'state/secret'), 'secret');
  const tried = await tryBubblewrap(repo);
  const sandbox = tried.ok ? tried.sandbox : noSandbox('test');
  const [program, ...words] = JSON.parse(
    judgeEnv({ task, repo, sandbox, runDir: run, treeDir, mark: 'x' }).LOOP_ENCODE,
  ) as string[];
  const env = { PATH: process.env.PATH, SOME_API_KEY: 'secret' };
  const said = execFileSync(program, [...words, '--checkpoint', 'x y'], {
    cwd: treeDir,
    env,
    encoding: 'utf8',
  });
  expect(JSON.parse(said)).toEqual({ words: ['--checkpoint', 'x y'], key: null, state: !tried.ok });
});

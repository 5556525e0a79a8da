import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Progress, TrainResult } from '#contract/run';
import { readSafetensors } from '#contract/safetensors';
import { architectureNames } from '../load.ts';
import { writeStream } from '../testing/stream.ts';
import { readCheckpoint } from '../trainer/checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'sae-train-'));
const data = join(folder, 'data.bin');
const repo = join(import.meta.dirname, '../..');
// `auto` would use a GPU, whose sums can differ from run to run.
const ownEnv: NodeJS.ProcessEnv = { ...process.env, ENGINE_BACKEND: 'embedded' };

beforeAll(() => writeStream(data));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * A service of the random data that holds the second half back until the file `go` is there: the trainer does
 * not come to its end before.
 */
function halfOf(go: string): ChildProcess {
  const half = Math.floor(statSync(data).size / 2);
  const script = 'head -c "$1" "$0"; until [ -e "$2" ]; do sleep 0.02; done; tail -c "+$(($1 + 1))" "$0"';
  return spawn('sh', ['-c', script, data, String(half), go], { stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Runs the trainer on the random data as its descriptor 3. `watch` may end it. */
async function trainer(
  args: string[],
  watch?: (pid: number) => () => void,
  stream: string | ChildProcess | null = data,
): Promise<Ended> {
  const fd = typeof stream === 'string' ? openSync(stream, 'r') : null;
  const service = typeof stream === 'string' ? null : stream;
  const { LOOP_DATA_FD: _, ...env } = ownEnv;
  const child = spawn(process.execPath, ['--import', 'tsx', 'sae/cli/train.ts', ...args], {
    cwd: repo,
    stdio: ['ignore', 'pipe', 'pipe', fd ?? service?.stdout ?? 'ignore'],
    env: stream === null ? env : { ...env, LOOP_DATA_FD: '3' },
  });
  // The trainer has its end.
  service?.stdout?.destroy();
  const done = watch?.(child.pid as number);
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout?.on('data', (text) => {
    ended.stdout += text;
  });
  child.stderr?.on('data', (text) => {
    ended.stderr += text;
  });
  ended.code = await new Promise((resolve) => child.on('close', resolve));
  done?.();
  service?.kill();
  if (fd !== null) closeSync(fd);
  return ended;
}

/** Sends a signal as soon as the file is there, and then makes the file `go`. */
const whenThere = (file: string, signal: NodeJS.Signals, go: string) => (pid: number) => {
  const timer = setInterval(() => {
    if (!existsSync(file)) return;
    clearInterval(timer);
    process.kill(pid, signal);
    writeFileSync(go, '');
  }, 5);
  return () => clearInterval(timer);
};

const resultOf = (out: string) =>
  TrainResult.parse(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')));

// The architecture with most parts: a workspace may start without it (--start baseline).
const rich = architectureNames().includes('lista-matryoshka');
const architecture = rich ? 'lista-matryoshka' : 'batchtopk';
const small = [
  ...(rich ? ['default', '--set', 'matryoshka_widths=[4,8]'] : ['baseline_batchtopk']),
  ...['--set', 'd_sae=32'],
];

describe('train', () => {
  it('writes progress, snapshots, checkpoint and result of the contract', async () => {
    const out = join(folder, 'whole');
    const ended = await trainer([...small, '--samples', '7000', '--out', out, '--seed', '3']);
    expect(ended.stderr).toContain('finished after 7040 samples');
    expect(ended.code).toBe(0);
    const result = resultOf(out);
    // The line that a screen shows: what computes, and why that.
    expect(ended.stderr).toMatch(/^backend tfjs \S+ \w+ \(.*\): .+$/m);
    expect(ended.stderr).toContain(`\nbackend ${result.backend}: `);
    expect(result).toMatchObject({
      status: 'finished',
      steps: 55,
      samples: 7040,
      architecture,
    });
    expect(result.declared.learning_rate).toBe(0.004);
    for (const name of ['loss', 'l0', 'explained_variance', 'dead_latents']) {
      expect(result.claimed[name], name).toBeTypeOf('number');
    }
    const lines = readFileSync(join(out, 'progress.jsonl'), 'utf8').trim().split('\n');
    const progress = lines.map((line) => Progress.parse(JSON.parse(line)));
    expect(progress[0].step).toBe(1);
    expect(progress.at(-1)).toMatchObject({ step: 55, samples: 7040 });
    expect(progress.at(-1)?.values.loss).toBeLessThan(progress[0].values.loss);
    const snapshots = readdirSync(join(out, 'evals')).map((name) => Number.parseInt(name, 10));
    expect(snapshots.sort((a, b) => a - b)).toHaveLength(6);
    expect(snapshots.at(-1)).toBe(7040);
    const { tensors, metadata } = readSafetensors(join(out, 'checkpoint.safetensors'));
    expect(tensors.get('W_enc')?.shape).toEqual([16, 32]);
    expect(tensors.get('W_dec')?.shape).toEqual([32, 16]);
    expect(JSON.parse(metadata.config)).toMatchObject({ architecture, samples: 7040 });
    // The description of such a run has the same numbers.
    const told = await trainer(
      [...small, '--samples', '7000', '--batch', '128', '--describe'],
      undefined,
      null,
    );
    expect([told.code, JSON.parse(told.stdout)]).toEqual([
      0,
      [
        {
          name: small[0],
          declares: { samples: 7040, normalisation_samples: 0, width: 32, ...result.declared },
        },
      ],
    ]);
  });

  it('describes the runs of every experiment, and refuses settings that fit none with the reason', async () => {
    const ask = (...args: string[]) => trainer(['--describe', ...args], undefined, null);
    const [all, unknown] = await Promise.all([
      ask('--profile', '16k', '--samples', '200000000', '--set', 'lr=0.001'),
      ask('--set', 'kk=3'),
    ]);
    const told = JSON.parse(all.stdout) as { name: string; declares: Record<string, number> }[];
    expect(told.map(({ name }) => name)).toContain('baseline_batchtopk');
    for (const { declares } of told)
      expect(declares).toMatchObject({ samples: 200_000_512, width: 4096, learning_rate: 0.001 });
    // The line is for a person, the JSON for the start of a loop.
    const why = '--set kk=3: "kk" is no setting of ';
    expect([unknown.code, unknown.stderr.startsWith(`error: ${why}`)]).toEqual([2, true]);
    expect(JSON.parse(unknown.stdout)).toEqual({ refused: expect.stringContaining(why) });
  });

  it('resumes after kill -9 to bit-identical weights', async () => {
    // Latents that die and fire again, so that their counters matter too.
    const rare = ['dead_feature_window=2', 'k=0.3', ...(rich ? ['initial_k=null'] : [])];
    const args = [...small, '--samples', '7680', ...rare.flatMap((setting) => ['--set', setting])];
    const straight = join(folder, 'straight');
    const killed = join(folder, 'killed');
    await trainer([...args, '--out', straight]);
    const [saved, go] = [join(killed, 'optimizer.safetensors'), join(folder, 'go-1')];
    const first = await trainer(
      [...args, '--out', killed, '--save-every', '0.01'],
      whenThere(saved, 'SIGKILL', go),
      halfOf(go),
    );
    expect(first.code).toBe(null);
    expect(existsSync(join(killed, 'result.json'))).toBe(false);
    const next = Number(readSafetensors(saved).metadata.next_batch);
    // The data service must continue at that batch, not after it.
    const [rest, gap] = [join(folder, 'rest.bin'), join(folder, 'gap.bin')];
    writeStream(rest, { from: next });
    writeStream(gap, { from: next + 1 });
    const stuck = await trainer([...args, '--out', killed, '--resume', '--backend', 'cpu'], undefined, gap);
    expect(stuck.stderr).toMatch(/^warning: saved on tfjs .*, resumed on tfjs .*cpu.*$/m);
    expect(resultOf(killed).backend).toMatch(/^tfjs \S+ embedded .*, then tfjs \S+ cpu /);
    expect(resultOf(killed).reason).toBe(`the data continue at batch ${next + 1} instead of ${next}`);
    const other = await trainer([...args, '--out', killed, '--resume', '--set', 'lr=0.1'], undefined, rest);
    expect(other.stderr).toMatch(
      /^error: .*optimizer\.safetensors: saved with other settings: trainer\.lr 0\.004, now 0\.1; resume with.*$/m,
    );
    expect(other.code).toBe(2);
    const second = await trainer([...args, '--out', killed, '--resume'], undefined, rest);
    expect(second.stderr).toContain('finished after 7680 samples');
    // Killed between its last save and its result.
    const { claimed } = resultOf(killed);
    rmSync(join(killed, 'result.json'));
    await trainer([...args, '--out', killed, '--resume'], undefined, rest);
    expect(resultOf(killed)).toMatchObject({ status: 'finished', claimed });
    const logged = readFileSync(join(killed, 'progress.jsonl'), 'utf8').trim().split('\n');
    const samples = logged.map((line) => Progress.parse(JSON.parse(line)).samples);
    expect(samples).toEqual([...new Set(samples)].sort((a, b) => a - b));
    for (const file of ['checkpoint.safetensors', 'optimizer.safetensors']) {
      const [a, b] = [straight, killed].map((out) => readSafetensors(join(out, file)).tensors);
      expect([...b.keys()]).toEqual([...a.keys()]);
      for (const [name, { data: numbers }] of a) expect(b.get(name)?.data, name).toEqual(numbers);
    }
  });

  it('saves on SIGTERM and ends as interrupted', async () => {
    const [out, go] = [join(folder, 'stopped'), join(folder, 'go-2')];
    const ended = await trainer(
      [...small, '--samples', '7680', '--out', out],
      whenThere(join(out, 'progress.jsonl'), 'SIGTERM', go),
      halfOf(go),
    );
    expect(ended.code).toBe(0);
    expect(resultOf(out).status).toBe('interrupted');
    expect(existsSync(join(out, 'optimizer.safetensors'))).toBe(true);
  });

  it('ends a loss that is not finite, and data that end early, with the reason', async () => {
    const diverged = join(folder, 'diverged');
    const exploded = await trainer([...small, '--samples', '7000', '--out', diverged, '--set', 'lr=1e30']);
    expect(resultOf(diverged)).toMatchObject({ status: 'diverged' });
    expect(resultOf(diverged).reason).toMatch(/at step \d+/);
    const short = join(folder, 'short');
    const ended = await trainer([...small, '--samples', '9000', '--out', short]);
    expect(resultOf(short)).toMatchObject({ status: 'failed', reason: 'the data ended after 7680 rows' });
    expect([exploded.code, ended.code]).toEqual([0, 1]);
  });

  it('reports a full disk in one line and keeps what it saved before', ({ skip }) => {
    // A disk of 64 KB that exists in one shell only: its files are copied before the shell ends.
    const [full, kept] = [join(folder, 'full'), join(folder, 'kept')];
    mkdirSync(full);
    const train = `node --import tsx sae/cli/train.ts ${small.join(' ')} --samples 7680 --set n_snapshots=50 --out ${full}/out`;
    const script = `mount -t tmpfs -o size=64k tmpfs ${full} || exit 99
      LOOP_DATA_FD=3 ${train} 3< ${data}; code=$?; cp -r ${full}/out ${kept}; exit $code`;
    const ended = spawnSync('unshare', ['-Urm', 'sh', '-c', script], {
      cwd: repo,
      encoding: 'utf8',
      env: ownEnv,
    });
    if (ended.status === 99 || ended.error || /unshare/.test(ended.stderr)) {
      skip('no small disk can be mounted here, so none was filled');
    }
    expect(ended.stderr).toMatch(/^error: .*full\/out: the disk is full; the run ends here.*$/m);
    expect(ended.status).toBe(1);
    const names = readdirSync(join(kept, 'evals'));
    expect(names.length).toBeGreaterThan(3);
    // No partial files.
    for (const name of names) expect(readCheckpoint(join(kept, 'evals', name)).config.version).toBe(1);
    expect(readdirSync(kept).sort()).toEqual(['evals', 'progress.jsonl']);
  });

  it.concurrent.each<[string, string[], RegExp]>([
    ['an unknown experiment', ['nonsense'], /unknown experiment "nonsense"; there are: .*baseline_batchtopk/],
    [
      'a sweep',
      ['baseline_l0_sweep'],
      /"baseline_l0_sweep" is a sweep; run its experiments one by one: baseline_l0_15, .*npm run sweep/,
    ],
    ['no samples', ['baseline_batchtopk', '--samples', '0'], /--samples.*at least 1/],
    ['no time between saves', ['baseline_batchtopk', '--save-every', 'abc'], /--save-every.*above 0/],
    [
      'an unknown setting',
      ['baseline_batchtopk', '--set', 'kk=3'],
      /"kk" is no setting of batchtopk; there are: .*topk_threshold_lr/,
    ],
  ])('refuses %s in one line, and writes nothing', async (_, args, message) => {
    const out = join(folder, 'refused');
    const ended = await trainer([...args, '--out', out]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(out)).toBe(false);
  });

  it('without data refers to npm run train', async () => {
    const ended = await trainer(['baseline_batchtopk', '--out', join(folder, 'none')], undefined, null);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('npm run train');
  });
});

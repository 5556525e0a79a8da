import { execFile, spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEASURE, READY } from '#contract/judge-ahead';
import { EvalPoint, type RunRecord, type TrainResult } from '#contract/run';
import { writeSafetensors } from '#contract/safetensors';
import { Verdict } from '#contract/verdict';
import { joinCommand } from '#host/command';
import { NOT_ASKED } from '../python/hold.ts';
import { buildWorld } from '../world/build.ts';
import { parseConfig } from '../world/config.ts';
import { saveWorld } from '../world/store.ts';
import { FIELDS } from './fields.ts';
import { checkedFile, openRunFolder } from './run-folder.ts';
import { taskText } from './testing/task.ts';
import { CONFIG } from './testing/true-features.ts';

const root = mkdtempSync(join(tmpdir(), 'judge-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const here = import.meta.dirname;
const encoder = join(here, 'testing/encoder.mjs');
const start = join(here, '../../host/start.mjs');
const judge = join(here, '../cli/judge.ts');
const inspect = join(here, '../cli/inspect.ts');
const compare = join(here, '../cli/compare.ts');

const world = await buildWorld(parseConfig(CONFIG, 'test'));

const run: RunRecord = {
  version: 2,
  id: 'the-run',
  researcherId: 'a',
  sprint: null,
  experiment: 'exact',
  settings: {},
  profile: 'tiny',
  seed: 0,
  samples: 10_240,
  tree: 'none',
  startedAt: '2026-01-01T00:00:00Z',
  endedAt: null,
  status: 'finished',
  reason: null,
  seconds: 1,
  rowsServed: 12_288,
  machine: { host: 'h', cpu: 'c', cores: 2, gpu: null, node: 'v20' },
  sandbox: 'off (test)',
};
const result: TrainResult = {
  version: 1,
  status: 'finished',
  reason: null,
  experiment: 'exact',
  architecture: 'exact',
  config: {},
  backend: 'none',
  steps: 10,
  samples: 10_240,
  normalisationSamples: 1024,
  seconds: 1,
  declared: { learning_rate: 0.01, epochs: 1 },
  claimed: {},
};

/** A repository with a task whose encoder tells the given lie, and a run folder in it. */
function repository(lie = ''): { repo: string; dir: string } {
  const repo = mkdtempSync(join(root, 'repo-'));
  writeFileSync(
    join(repo, 'TASK.md'),
    taskText({
      encode: joinCommand(['node', encoder, ...(lie ? ['--lie', lie] : [])]),
      ...{ world: join(root, 'world'), width: '==16', verdict: 5000 },
    }),
  );
  const dir = join(repo, 'checkpoints/the-run');
  mkdirSync(join(dir, 'out/evals'), { recursive: true });
  writeFileSync(join(dir, 'run.json'), JSON.stringify(run));
  writeFileSync(join(dir, 'out/result.json'), JSON.stringify(result));
  for (const name of ['checkpoint', 'evals/2048', 'evals/10240']) {
    writeSafetensors(join(dir, `out/${name}.safetensors`), {
      tensors: new Map([
        ['W_dec', { shape: [16, 48], data: world.featureVectors.slice(0, 16 * 48) }],
        ['b_dec', { shape: [48], data: world.bias }],
      ]),
      metadata: {},
    });
  }
  return { repo, dir };
}

// The encoder is a file of this checkout, which a sandbox of another folder may hide.
process.env.LOOP_SANDBOX = 'off (test)';

/** Runs the judge, or `inspect` or `compare` where it is the last argument. */
function ask(repo: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const tool = [inspect, compare].find((path) => path === args.at(-1)) ?? judge;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [start, tool, '--tree-dir', '.', ...args.filter((arg) => arg !== tool)],
      { cwd: repo },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr: stderr.trim() }),
    );
  });
}

/** Begins the judge before its result is asked for. */
function ahead(repo: string, ...args: string[]) {
  const words = [start, judge, '--tree-dir', '.', '--json', '--ahead', ...args];
  const env = { ...process.env, LOOP_PROGRESS: '1' };
  const child = spawn(process.execPath, words, { cwd: repo, env, stdio: ['pipe', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const says = async (what: string) => {
    while (!said.includes(what) && child.exitCode === null) await sleep(20);
    expect(said).toContain(what);
  };
  return { child, says, code: new Promise((resolve) => child.on('exit', resolve)) };
}

/** The same world under another name. */
const otherWorld = join(root, 'other');

beforeAll(() => {
  for (const dir of [join(root, 'world'), otherWorld]) saveWorld(dir, world);
});

describe('the judge', () => {
  it('gives a verdict on every metric and form, and keeps it', async () => {
    const { repo, dir } = repository();
    const { code, stdout, stderr } = await ask(repo, dir);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const verdict = Verdict.parse(JSON.parse(stdout.trim().split('\n').at(-1)!));
    expect(JSON.parse(readFileSync(join(dir, 'verdict.json'), 'utf8'))).toEqual(verdict);
    expect(verdict.metrics.f1).toBeGreaterThan(0.98);
    expect(verdict.metrics.mcc).toBeGreaterThan(0.999);
    expect(verdict.metrics).toMatchObject({ uniqueness: 1, dead_latents: 0 });
    expect(verdict.also.inference).toEqual(verdict.metrics);
    expect(verdict.metrics.batch_dependence).toBe(0);
    expect(verdict.observed).toEqual({
      samples: 10_240,
      normalisation_samples: 1024,
      width: 16,
      rows_served: 12_288,
      checkpoint_bytes: statSync(join(dir, 'out/checkpoint.safetensors')).size,
    });
    expect(verdict.declared).toEqual({ learning_rate: 0.01, epochs: 1 });
    expect(verdict.remarks).toEqual(['no Python form']);
    // The means by group are those of all latents, once each.
    for (const groups of Object.values(verdict.groups ?? {})) {
      expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(16);
      const f1 = groups.reduce((sum, { count, metrics }) => sum + count * metrics.f1, 0) / 16;
      expect(f1).toBeCloseTo(verdict.metrics.f1, 10);
    }
    expect(Object.keys(verdict.groups ?? {})).toEqual(['depth of the feature', 'firing rate of the feature']);
    const [{ columns, rows }] = verdict.tables ?? [];
    const lowest = rows.map((row) => row[columns.indexOf('f1')]);
    expect(lowest).toEqual(lowest.toSorted((a, b) => Number(a) - Number(b)));
    expect([rows.length, columns.at(-1)]).toEqual([10, 'confused with']);
    // `--describe` lists exactly the numbers of a verdict.
    for (const part of ['metrics', 'observed', 'declared'] as const)
      expect(Object.keys(verdict[part]).sort()).toEqual([...FIELDS[part]].sort());
    expect(verdict.evaluation).toMatchObject({ samples: 5000, batch: 1024 });
    expect(verdict.world.hash).toBe(world.hash);

    // A measurement on fewer samples leaves the verdict as it is, and uses other samples.
    const look = await ask(repo, dir, '--samples', '1024');
    const seen = Verdict.parse(JSON.parse(look.stdout.trim().split('\n').at(-1)!));
    expect(seen.evaluation.samples).toBe(1024);
    expect(verdict.evaluation.key).toMatch(/^[0-9a-f]{32}$/);
    expect(seen.evaluation.key).not.toBe(verdict.evaluation.key);
    expect(JSON.parse(readFileSync(join(dir, 'verdict.json'), 'utf8'))).toEqual(verdict);

    // Nor does a measurement in another world replace it: that is no verdict on this run.
    const there = await ask(repo, dir, '--world', otherWorld);
    expect(Verdict.parse(JSON.parse(there.stdout.trim().split('\n').at(-1)!)).world.name).toBe(otherWorld);
    expect(JSON.parse(readFileSync(join(dir, 'verdict.json'), 'utf8'))).toEqual(verdict);
    expect(await ask(repo, dir, '--world', otherWorld, '--evals')).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(join(dir, 'evals.jsonl'))).toBe(false);
  });

  it('looks for a form in Python where the verdict may be a new best, by the number that it measured', async () => {
    const { repo, dir } = repository('python');
    const remarks = async (bound: number) => {
      process.env.LOOP_BEST_BOUND = String(bound);
      const { stdout } = await ask(repo, dir, '--samples', '1024').finally(
        () => delete process.env.LOOP_BEST_BOUND,
      );
      return Verdict.parse(JSON.parse(stdout.trim().split('\n').at(-1)!)).remarks;
    };
    expect(await remarks(0.98)).not.toEqual([NOT_ASKED.line]);
    expect(await remarks(1.01)).toEqual([NOT_ASKED.line]);
  });

  it('confirms a run of a secret world in that world, and measures it in no other', async () => {
    const { repo, dir } = repository();
    const trainedOn = (secretWorld: string) =>
      writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...run, secretWorld }));
    trainedOn(world.hash);
    const there = await ask(repo, dir, '--world', otherWorld, '--samples', '1024');
    const verdict = Verdict.parse(JSON.parse(there.stdout.trim().split('\n').at(-1)!));
    expect(verdict.kind).toBe('confirmed');
    // Where the world lies is nobody's business.
    expect(verdict.remarks).toBeUndefined();
    expect(verdict.world).toEqual({
      name: `${join(root, 'world')}, secret`,
      hash: world.hash,
      kind: 'secret',
    });
    expect(await ask(repo, dir)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name its folder'),
    });
    trainedOn('another');
    const elsewhere = await ask(repo, dir, '--world', otherWorld);
    // A fault of our own: no run can bring it about.
    expect(elsewhere).toMatchObject({ code: 75, stderr: expect.stringContaining('is not the secret world') });
  });

  it('does not take a trainer’s word for fewer samples than it was served', async () => {
    const { repo, dir } = repository();
    writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...run, rowsServed: 100_000 }));
    const { stdout } = await ask(repo, dir, '--json', '--samples', '1000');
    expect(Verdict.parse(JSON.parse(stdout)).observed.samples).toBe(100_000 - 2048);
  });

  it('measures each snapshot once, and none but those at sixths of the run', async () => {
    const { repo, dir } = repository();
    // Anything else would be as many looks as a trainer likes.
    for (const other of [1, 3072, 8192]) {
      copyFileSync(join(dir, 'out/evals/2048.safetensors'), join(dir, `out/evals/${other}.safetensors`));
    }
    const { stdout } = await ask(repo, dir, '--evals');
    const points = stdout
      .trim()
      .split('\n')
      .map((line) => EvalPoint.parse(JSON.parse(line)));
    expect(points.map((point) => point.samples)).toEqual([2048, 10_240]);
    expect(points[0]).toMatchObject({ evaluationSamples: 2000 });
    for (const value of Object.values(points[0].metrics)) expect(value).toBe(Number(value.toFixed(3)));
    expect(readFileSync(join(dir, 'evals.jsonl'), 'utf8')).toBe(stdout);
    expect(await ask(repo, dir, '--evals')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each(['last', 'second-crash', 'second-hang'])(
    'measures each snapshot by itself where one process does not do for all: %s',
    async (lie) => {
      // An encoder that answers has to start within this time, too.
      const stall = lie === 'second-hang' ? '12' : '120';
      const asked = ['--evals', '--eval-seed', '3', '--stall-seconds', stall, '--json'];
      const honest = repository();
      const together = await ask(honest.repo, honest.dir, ...asked);
      expect(together).toMatchObject({ code: 0, stderr: '' });
      const { repo, dir } = repository(lie);
      const { code, stdout, stderr } = await ask(repo, dir, ...asked);
      expect({ code, stdout }).toEqual({ code: 0, stdout: together.stdout });
      expect(stderr).toMatch(
        /^note: the snapshots are measured one by one, [^\n]*the encoder failed: [^\n]*$/,
      );
      // The encoders that come after it have the same log.
      if (lie === 'second-crash')
        expect(readFileSync(join(dir, 'judge.log'), 'utf8')).toContain('one too many');
    },
  );

  it('measures the snapshots before one that cannot be measured', async () => {
    const { repo, dir } = repository();
    writeFileSync(join(dir, 'out/evals/10240.safetensors'), 'rubbish');
    const { code, stdout, stderr } = await ask(repo, dir, '--evals');
    expect([code, EvalPoint.parse(JSON.parse(stdout)).samples]).toEqual([2, 2048]);
    expect(stderr.split('\n').at(-1)).toMatch(/^error: .*10240.*not a readable safetensors file/);
  });

  it('that has begun ahead measures before it is asked, gives the same numbers then, and nothing where its caller ends', async () => {
    const { repo, dir } = repository();
    const begun = ahead(repo, dir, '--eval-seed', '3');
    await begun.says(READY);
    begun.child.stdin.end();
    expect(await begun.code).toBe(1);
    expect(existsSync(join(dir, 'verdict.json'))).toBe(false);
    const asked = ahead(repo, dir, '--eval-seed', '3');
    await asked.says(READY);
    await asked.says('"unit":"fresh rows"');
    expect(existsSync(join(dir, 'verdict.json'))).toBe(false);
    asked.child.stdin.end(MEASURE);
    expect(await asked.code).toBe(0);
    const kept = () => Verdict.parse(JSON.parse(readFileSync(join(dir, 'verdict.json'), 'utf8')));
    const { seconds: _, at: __, ...first } = kept();
    await ask(repo, dir, '--eval-seed', '3');
    expect(kept()).toMatchObject(first);
  });

  it('that has begun ahead ends by itself where it cannot measure', async () => {
    const { repo, dir } = repository('crash');
    expect(await ahead(repo, dir).code).toBe(1);
  });

  it('measures each snapshot of a run that trains as it comes, and the last ones when it is asked', async () => {
    const { repo, dir } = repository();
    const [first, last] = ['2048', '10240'].map((samples) => join(dir, `out/evals/${samples}.safetensors`));
    rmSync(last);
    const begun = ahead(repo, dir, '--evals');
    await begun.says('"samples":2048,');
    // Whole at once, as a trainer writes it.
    copyFileSync(first, `${last}.new`);
    renameSync(`${last}.new`, last);
    begun.child.stdin.end(MEASURE);
    expect(await begun.code).toBe(0);
    const lines = readFileSync(join(dir, 'evals.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => EvalPoint.parse(JSON.parse(line)).samples)).toEqual([2048, 10_240]);
  });

  it('passes an encoder’s failure on as one line and exit code 1', async () => {
    const { repo, dir } = repository('crash');
    const { code, stdout, stderr } = await ask(repo, dir);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error: the encoder failed: it ended with exit code 1: .*W_enc is missing.*judge\.log\)$/,
    );
    expect(existsSync(join(dir, 'verdict.json'))).toBe(false);
  });

  it('gives no verdict on an encoder that remembers, and says so in one line', async () => {
    const { repo, dir } = repository('memory');
    const { code, stdout, stderr } = await ask(repo, dir);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: the encoder is refused: .* it remembers earlier batches\. [^\n]*$/);
    expect(existsSync(join(dir, 'verdict.json'))).toBe(false);
  });

  it('takes its encoder along when it is ended', async () => {
    const { repo, dir } = repository('hang');
    const child = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), judge, '--tree-dir', '.', dir],
      {
        cwd: repo,
        stdio: 'ignore',
      },
    );
    const pidOf = (): number | undefined => {
      const log = join(dir, 'judge.log');
      const match = existsSync(log) && /pid (\d+)/.exec(readFileSync(log, 'utf8'));
      return match ? Number(match[1]) : undefined;
    };
    while (pidOf() === undefined) await sleep(50);
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(143);
    const alive = (): boolean => existsSync(`/proc/${pidOf()}/exe`);
    for (let i = 0; i < 400 && alive(); i++) await sleep(50);
    expect(alive()).toBe(false);
  });

  it('shows latents without telling a feature’s place', async () => {
    const { repo, dir } = repository();
    const { code, stdout } = await ask(repo, dir, '--worst', '3', '--sort', 'rate', inspect);
    expect(code).toBe(0);
    const lines = stdout.split('\n').filter((line) => /^ +\d+ +F\d\d /.test(line));
    expect(lines).toHaveLength(3);
    const rates = lines.map((line) => Number(line.trim().split(/ +/)[6]));
    expect(rates).toEqual([...rates].sort((a, b) => a - b));
    // Latent i has the direction of feature i; the ids must not reveal that.
    expect(
      lines.some(
        (line) => Number(line.trim().split(/ +/)[1].slice(1)) !== Number(line.trim().split(/ +/)[0]),
      ),
    ).toBe(true);
    expect(stdout).toContain('by firing rate of the feature');
    expect((await ask(repo, dir, '--latents', '16', inspect)).stderr).toContain('give numbers from 0 to 15');
    // Cosines have two digits, so that a decoder cannot be fitted to the truth by them.
    expect(lines.every((line) => /^\d\.\d\d$/.test(line.trim().split(/ +/)[2]))).toBe(true);
  });

  it('shows no decoder of another width than a run may have: its rows could be probes', async () => {
    const { repo, dir } = repository();
    writeSafetensors(join(dir, 'out/checkpoint.safetensors'), {
      tensors: new Map([
        ['W_dec', { shape: [20, 48], data: world.featureVectors.slice(0, 20 * 48) }],
        ['b_dec', { shape: [48], data: world.bias }],
      ]),
      metadata: {},
    });
    const { code, stdout, stderr } = await ask(repo, dir, inspect);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe('error: the-run: is not shown: its width is 20 where ==16 is asked');
    const judged = await ask(repo, dir, '--json');
    expect(JSON.parse(judged.stdout)).toMatchObject({ observed: { width: 20 } });
    expect(JSON.parse(judged.stdout)).not.toHaveProperty('groups');
    expect(JSON.parse(judged.stdout)).not.toHaveProperty('tables');
  });

  it('tells which latents of a run have a feature that another run lacks', async () => {
    const { repo, dir } = repository();
    const other = join(repo, 'checkpoints/other');
    cpSync(dir, other, { recursive: true });
    writeFileSync(join(other, 'run.json'), JSON.stringify({ ...run, id: 'other' }));
    // Its latents have the directions of the features from the third on.
    writeSafetensors(join(other, 'out/checkpoint.safetensors'), {
      tensors: new Map([
        ['W_dec', { shape: [16, 48], data: world.featureVectors.slice(2 * 48, 18 * 48) }],
        ['b_dec', { shape: [48], data: world.bias }],
      ]),
      metadata: {},
    });
    const { code, stdout, stderr } = await ask(repo, dir, other, compare);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('16 by the first, 16 by the second, 14 by both.');
    expect(stdout).toContain('Latents of the first, the-run, whose feature the second lacks: 2\n');
    const latents = stdout.split('\n').flatMap((line) => /^ +(\d+) +F\d\d /.exec(line)?.[1] ?? []);
    expect(latents.slice(0, 2).sort()).toEqual(['0', '1']);
    expect(latents.slice(2).sort()).toEqual(['14', '15']);
    expect((await ask(repo, dir, dir, compare)).stdout).toContain('second lacks: 0\n');
    const missing = await ask(repo, dir, join(repo, 'checkpoints/none'), compare);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/there is no such run folder$/),
    ]);
  });

  it('refuses bad folders and files with one line and exit code 2', async () => {
    const { repo, dir } = repository();
    expect(await ask(repo, repo)).toMatchObject({ code: 2, stdout: '' });
    expect(() => openRunFolder(join(repo, 'nothing'))).toThrow('no such run folder');
    expect(() => openRunFolder(repo)).toThrow('no run.json');
    const folder = openRunFolder(dir);
    const checkpoint = join(dir, 'out/checkpoint.safetensors');
    expect(checkedFile(folder).path).toBe(checkpoint);
    writeFileSync(checkpoint, 'rubbish');
    const { code, stdout, stderr } = await ask(repo, dir);
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(stderr).toContain('not a readable safetensors file');
    writeSafetensors(checkpoint, {
      tensors: new Map([['W_dec', { shape: [2], data: Float32Array.of(1, Number.NaN) }]]),
      metadata: {},
    });
    expect(() => checkedFile(folder)).toThrow(
      'checkpoint.safetensors: tensor "W_dec" has values that are NaN',
    );
    truncateSync(checkpoint, 2 ** 30 + 1);
    expect(() => checkedFile(folder)).toThrow('1073741825 bytes; at most 1073741824 are read');
    rmSync(checkpoint);
    expect(() => checkedFile(folder)).toThrow('there is no checkpoint');
    symlinkSync(join(dir, 'out/evals/2048.safetensors'), checkpoint);
    expect(() => checkedFile(folder)).toThrow('there is no checkpoint');
    writeFileSync(join(dir, 'out/result.json'), '{"version": 1}');
    expect(() => openRunFolder(dir)).toThrow('result.json: status');
    writeFileSync(join(dir, 'run.json'), '{"version": 1}');
    expect(() => openRunFolder(dir)).toThrow('run.json: id');
  });
});

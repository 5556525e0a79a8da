import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';
import { exampleVerdict } from '../fixtures/examples.ts';
import { newRepo } from '../fixtures/repo.ts';

const taskText = `---
title: Guess
workspace: work
check: node work/check.mjs
train: node work/train.mjs
encode: node work/encode.mjs
serve: node noting.mjs
judge: node judge.mjs
drawWorld: node draw.mjs
metric: f1
goal: max
limits: { usd: 5, hours: 1, stagnation: { warn: 4, stop: 8 } }
model: { name: offline-replay, maxTokens: 4000 }
profiles:
  tiny:
    world: tiny
    budgets: { screen: 100, rank: 500, full: 500 }
    evaluation: { verdict: 100, snapshot: 50 }
    noise: 0.01
---
Guess well.
`;
/** Notes what the data service is asked for. */
const noting = `
import { appendFileSync } from 'node:fs';
appendFileSync('served', process.argv.slice(2).join(' ') + '\\n');
await import('./serve.mjs');
`;
/** The world is a number: what the judge will find on it. It depends on the key's length alone. */
const draw = `
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const key = readFileSync(0, 'utf8');
if (!/^[0-9a-f]{64}$/.test(key)) process.exit(3);
const out = process.argv[process.argv.indexOf('--out') + 1];
mkdirSync(out);
writeFileSync(out + '/f1', readFileSync('found', 'utf8'));
writeFileSync('drawn', out);
console.log(JSON.stringify({ hash: 'h-' + key.slice(0, 8) }));
`;
const judge = `
import { readFileSync, writeFileSync } from 'node:fs';
const [run, ...rest] = process.argv.slice(2);
const verdict = ${JSON.stringify(exampleVerdict())};
const world = rest.indexOf('--world');
verdict.metrics.f1 = world < 0 ? 0.5 : Number(readFileSync(rest[world + 1] + '/f1', 'utf8'));
if (world < 0) writeFileSync(run + '/verdict.json', JSON.stringify(verdict));
if (!rest.includes('--evals')) console.log(JSON.stringify(verdict));
`;
const root = join(import.meta.dirname, '../..');
let repo: string;

beforeAll(async () => {
  repo = newRepo({
    ...{ 'TASK.md': taskText, 'judge.mjs': judge, 'noting.mjs': noting, 'draw.mjs': draw },
    ...{ 'work/train.mjs': '', '.gitignore': '/state/\n/checkpoints/\n' },
  });
  const fixtures = join(root, 'agent/executor/fixtures');
  cpSync(join(fixtures, 'serve.mjs'), join(repo, 'serve.mjs'));
  cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
  await run('train', 'good', '--seed', '4', '--out', join(repo, 'checkpoints/mine'));
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

const run = (name: string, ...args: string[]) => {
  const argv = ['node', join(root, 'host/start.mjs'), join(import.meta.dirname, `${name}.ts`), ...args];
  return capture({ argv, cwd: repo, env: cleanEnv(), timeoutSeconds: 280 });
};
const reproduce = async (found: number, ...args: string[]) => {
  writeFileSync(join(repo, 'found'), String(found));
  return await run('reproduce', ...args);
};

it('trains on another seed, in the same world and in one that is drawn for it and then removed', async () => {
  const { exit, stdout } = await reproduce(0.495, 'mine', '--seed', '77');
  expect(stdout).toContain('f1 holds on another seed: 0.5000, recorded 0.5000');
  expect(stdout).toContain('f1 holds on another seed and a secret world: 0.4950, recorded 0.5000');
  expect(exit.code).toBe(0);
  const served = readFileSync(join(repo, 'served'), 'utf8').trim().split('\n');
  const folder = readFileSync(join(repo, 'drawn'), 'utf8');
  expect(served.map((line) => [line.includes('--seed 77'), line.includes(`--world ${folder} `)])).toEqual([
    [false, false],
    [true, false],
    [true, true],
  ]);
  expect(existsSync(folder)).toBe(false);
  const records = readdirSync(join(repo, 'checkpoints')).map((id) =>
    JSON.parse(readFileSync(join(repo, 'checkpoints', id, 'run.json'), 'utf8')),
  );
  expect(records.filter(({ secretWorld }) => secretWorld?.startsWith('h-'))).toHaveLength(1);
});

it('says that a number does not hold where only the known world gives it', async () => {
  const { exit, stdout } = await reproduce(0.1, 'mine');
  expect(stdout).toContain('f1 holds on another seed: 0.5000');
  expect(stdout).toContain('f1 does NOT hold on another seed and a secret world: 0.1000, recorded 0.5000');
  expect(exit.code).toBe(1);
});

it('refuses in one line a run that is not there, and to guess where there is no best', async () => {
  expect((await reproduce(0.5, 'none')).complaint).toBe('no run "none"; npm run runs lists them');
  expect((await reproduce(0.5)).complaint).toContain('there is no verified best yet');
});

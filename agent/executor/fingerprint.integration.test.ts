import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { exampleTask } from '../fixtures/examples.ts';
import { newRepo } from '../fixtures/repo.ts';
import { fingerprintsOf } from './fingerprint.ts';

/** Tells the settings of each run, and the sum that Node gave in the sandbox. */
const command = `
import { execFileSync } from 'node:child_process';
import { readFileSync, existsSync } from 'node:fs';
const [program, ...words] = JSON.parse(process.env.LOOP_NODE);
const sum = execFileSync(program, [...words, '-p', '1 + 1']).toString().trim();
const dir = process.argv[process.argv.indexOf('--tree-dir') + 1];
const asks = JSON.parse(readFileSync(0, 'utf8'));
if (asks[0].experiment === 'crash') throw new Error('no way');
console.log('words before');
console.log(JSON.stringify(asks.map((ask) =>
  ask.experiment === 'odd' ? { unseen: 'odd reads files' } : { fingerprint: JSON.stringify([ask, sum, existsSync(dir + '/work/x')]) },
)));
`;
let repo: string;
beforeAll(() => {
  repo = newRepo({
    'TASK.md': '',
    'tell.mjs': command,
    'work/x': 'x',
    'worlds/mine.json': '{}',
    '.gitignore': '/state/\n',
  });
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

const runs: { experiment: string; settings: Record<string, string> }[] = [
  { experiment: 'plain', settings: {} },
  { experiment: 'plain', settings: { k: '3' } },
  { experiment: 'odd', settings: {} },
];

async function told(edit: Parameters<typeof exampleTask>[0], asked = runs) {
  const task = { ...exampleTask(edit), path: join(repo, 'TASK.md') };
  const tree = await snapshotTree({ repo, folder: 'work' });
  return fingerprintsOf({ task, repo, sandbox: noSandbox('test'), profileName: 'tiny', tree }, asked);
}
const withCommand: Parameters<typeof exampleTask>[0] = (contract) => {
  contract.fingerprint = 'node tell.mjs';
};

it('is of what the command tells, and of the tree where that cannot be told', async () => {
  const before = await told(withCommand);
  expect(before.map(({ unseen }) => unseen)).toEqual([null, null, 'odd reads files']);
  expect(new Set(before.map(({ fingerprint }) => fingerprint)).size).toBe(3);
  writeFileSync(join(repo, 'work/readme'), 'a blank line');
  const after = await told(withCommand);
  expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(after[2]).not.toEqual(before[2]);
});

it('is of the tree without a command, and where the command fails', async () => {
  const [plain, other] = await told(() => {});
  // Settings are compared beside it.
  expect(plain).toEqual(other);
  expect(plain?.unseen).toContain('no command');
  const [failed] = await told(withCommand, [{ experiment: 'crash', settings: {} }]);
  expect(failed).toEqual({ fingerprint: plain?.fingerprint, unseen: expect.stringContaining('no way') });
  writeFileSync(join(repo, 'work/readme'), 'another line');
  const [changed] = await told(() => {});
  expect(changed?.fingerprint).not.toBe(plain?.fingerprint);
});

it('has the world, the profile and what computes the run in it', async () => {
  const inWorld: Parameters<typeof exampleTask>[0] = (contract) => {
    contract.fingerprint = 'node tell.mjs';
    const [profile] = Object.values(contract.profiles);
    if (profile) profile.world = 'worlds/mine.json';
  };
  const seen = [(await told(withCommand))[0], (await told(inWorld))[0]];
  writeFileSync(join(repo, 'worlds/mine.json'), '{"seed": 1}');
  seen.push((await told(inWorld))[0]);
  vi.stubEnv('ENGINE_BACKEND', 'cpu');
  seen.push((await told(inWorld))[0]);
  for (const [name, value] of [
    ['ENGINE_ENCODE', 'tf32'],
    ['ENGINE_PREFILTER', 'off'],
  ] as const) {
    vi.stubEnv(name, value);
    seen.push((await told(inWorld))[0]);
  }
  vi.unstubAllEnvs();
  expect(new Set(seen.map((each) => each?.fingerprint)).size).toBe(6);
});

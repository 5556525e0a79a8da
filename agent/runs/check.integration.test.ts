import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { Stopper } from '../budget/stop.ts';
import { logsDir } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import { exampleTask } from '../fixtures/examples.ts';
import { git, newRepo } from '../fixtures/repo.ts';
import { checkTree } from './check.ts';

const CHECK = `
import { readFileSync } from 'node:fs';
import { least } from './check/least.mjs';
if (Number(readFileSync('work/number', 'utf8')) >= least) process.exit(0);
console.error('error: the number is too small');
process.exit(1);
`;
let repo: string;
let bestKnown: string;

beforeAll(() => {
  repo = newRepo({
    'work/check.mjs': CHECK,
    'work/check/least.mjs': 'export const least = 5;',
    'work/number': '5',
  });
  bestKnown = git(repo, 'rev-parse', 'HEAD');
  mkdirSync(logsDir(repo), { recursive: true });
});

/** What the loop's check says of the workspace as it is now. */
async function checked(checkFiles: string[]): Promise<string | null> {
  const task = exampleTask((contract) => {
    contract.checkFiles = checkFiles;
  });
  const tree = await snapshotTree({ repo, folder: 'work' });
  const config = { repo, task } as Config;
  const sandbox = noSandbox('test');
  return checkTree({ config, sandbox, checkout: { bestKnown }, stopper: new Stopper(repo) }, tree);
}

it('checks a candidate by the check that the run branch began with, whatever the sprint made of it', async () => {
  const files = ['work/check.mjs', 'work/check'];
  expect(await checked(files)).toBeNull();
  writeFileSync(join(repo, 'work/number'), '4');
  const small = expect.stringMatching(/^the number is too small/);
  expect(await checked(files)).toEqual(small);
  writeFileSync(join(repo, 'work/check/least.mjs'), 'export const least = 0;');
  writeFileSync(join(repo, 'work/check.mjs'), 'process.exit(0)');
  expect(await checked(files)).toEqual(small);
  rmSync(join(repo, 'work/check'), { recursive: true });
  writeFileSync(join(repo, 'work/check'), 'a file in place of the folder');
  expect(await checked(files)).toEqual(small);
  // A task that names no files has its check in the hands of the researcher.
  expect(await checked([])).toBeNull();
});

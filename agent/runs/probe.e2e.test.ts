import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { measuredProfile } from '#contract/noise';
import { readTask } from '#contract/task';
import { processesIn } from '#host/processes';
import { noSandbox } from '#host/sandbox';
import { LocalExecutor } from '../executor/local.ts';
import { startCommand, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { probeSpeed } from './probe.ts';

/** The tiny task whose probe does not end by itself. */
function slowRepository(): string {
  const repo = tinyRepository();
  const path = join(repo, 'TASK.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace('experiment: plain', 'experiment: slow'));
  git(repo, 'commit', '-qam', 'A slow probe');
  return repo;
}
const runs = (repo: string) =>
  existsSync(join(repo, 'checkpoints')) ? readdirSync(join(repo, 'checkpoints')) : [];
const left = (repo: string) => [runs(repo), git(repo, 'for-each-ref', 'refs/loop/runs'), processesIn(repo)];

it('ends with the loop, at once, and leaves nothing', async () => {
  const repo = slowRepository();
  const task = readTask(join(repo, 'TASK.md'));
  const config = { repo, task, profile: measuredProfile(task, 'tiny'), profileName: 'tiny', seed: 0 };
  const loop = { config, sandbox: noSandbox('test'), executor: new LocalExecutor() };
  const stop = new AbortController();
  const probed = probeSpeed(loop, 600, stop.signal);
  while (runs(repo).length === 0) await sleep(20);
  stop.abort();
  expect(await probed).toBeNull();
  expect(left(repo)).toEqual([[], '', []]);
  expect(await probeSpeed(loop, 600, stop.signal)).toBe(null);
});

it('of --dry ends with Ctrl-C, and leaves nothing', async () => {
  const repo = slowRepository();
  const dry = startCommand(repo, 'loop', '--dry', '--researcher', 'offline', '--sandbox', 'off');
  while (runs(repo).length === 0) await sleep(20);
  dry.child.kill('SIGINT');
  expect(await dry.ended).toBe(130);
  expect(left(repo)).toEqual([[], '', []]);
});

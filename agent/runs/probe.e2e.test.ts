import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { measuredProfile } from '#contract/noise';
import { readTask } from '#contract/task';
import { processesIn } from '#host/processes';
import { noSandbox } from '#host/sandbox';
import { eventsPath } from '../common/paths.ts';
import { LocalExecutor } from '../executor/local.ts';
import { loopIn, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, start } from '../fixtures/scripted.ts';
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

it('has ended before the loop starts the judge beside the researcher', async () => {
  // The sprint lasts until the judge has been started beside it: the loop ends that judge at its own end.
  const begun = call('bash', { command: 'until [ -e ../starts ]; do sleep 0.05; done' });
  const repo = tinyRepository([[start('first'), begun, finish({ candidate: null })]]);
  const starts = join(repo, 'state/starts');
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(join(repo, name), change(readFileSync(join(repo, name), 'utf8')));
  edit('TASK.md', (text) => text.replace('full: 1000 }', 'full: 1000 }\n    staged: true'));
  // Says on each of its starts without a run whether the speed was measured.
  edit('judge.mjs', (text) =>
    text.replace(
      "if (dir === '--describe') {",
      `$&
  const events = ${JSON.stringify(eventsPath(repo))};
  const measured = existsSync(events) && readFileSync(events, 'utf8').includes('speed.measured');
  if (existsSync(events)) appendFileSync(${JSON.stringify(starts)}, measured ? 'measured\\n' : 'not measured\\n');`,
    ),
  );
  git(repo, 'commit', '-qam', 'A staged task, and a judge that tells of its starts');
  await loopIn(repo, { maxSprints: 1 });
  expect(readFileSync(starts, 'utf8')).toBe('measured\n');
});

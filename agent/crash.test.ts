import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startCommand, tinyHouse } from './fixtures/house.ts';
import { git } from './fixtures/repo.ts';
import { sprintTo } from './fixtures/scripted.ts';
import { readSprints } from './ledger.ts';
import { readStatus } from './status.ts';

/** More of them by hand: CRASHES=50 npx vitest run agent/crash.test.ts */
const CRASHES = Number(process.env.CRASHES ?? 3);

it(`loses and doubles nothing when it is killed at ${CRASHES} random instants`, async () => {
  const numbers = Array.from({ length: CRASHES + 3 }, (_, i) => sprintTo(`s${i + 1}`, 0.5 + i / 100));
  const repo = tinyHouse(numbers);
  const main = git(repo, 'rev-parse', 'main');
  for (let crash = 0; crash < CRASHES; crash++) {
    const loop = startCommand(repo, 'loop');
    // From before the first write to the second sprint.
    await sleep(600 + Math.random() * 3000);
    loop.child.kill('SIGKILL');
    await loop.ended;
  }
  const loop = startCommand(repo, 'loop');
  expect(await loop.ended, loop.said()).toBe(0);

  const sprints = readSprints(join(repo, 'sprints'));
  expect(sprints.map((s) => s.number)).toEqual(sprints.map((_, i) => i + 1));
  const folders = readdirSync(join(repo, 'sprints')).filter((name) => name !== 'leaderboards');
  expect(folders.length).toBe(sprints.length);
  const commits = git(repo, 'log', '--reverse', '--format=%s', '--grep=^Sprint', 'main..').split('\n');
  expect(commits).toEqual(sprints.map((s) => `Sprint ${s.number}: ${s.title} (${s.outcome})`));
  expect(git(repo, 'log', '--format=%s', 'main..').split('\n').at(-1)).toBe(
    'Begin with the published baselines only',
  );
  expect(git(repo, 'status', '--porcelain')).toBe('');
  expect(git(repo, 'rev-parse', 'main')).toBe(main);
  expect(readStatus(repo)).toMatchObject({ loop: 'stopped', sprint: null, runs: [] });
  expect(leftIn(repo)).toEqual([]);
}, 300_000);

/** Command lines of processes whose folder lies in the repository. */
function leftIn(repo: string): string[] {
  const ps = execFileSync(
    'sh',
    [
      '-c',
      'for p in /proc/[0-9]*; do echo "$(readlink $p/cwd) $(tr "\\0" " " < $p/cmdline)"; done 2>/dev/null',
    ],
    {
      encoding: 'utf8',
    },
  );
  return ps.split('\n').filter((line) => line.startsWith(repo));
}

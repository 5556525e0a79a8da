import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunRecord } from '#contract/run';
import { taskOfRun } from './task-of-run.ts';

const TINY = join(import.meta.dirname, '../fixtures/tiny-task/TASK.md');
let repo: string;
beforeEach(() => {
  repo = mkdtempSync(join(tmpdir(), 'task-of-run-'));
  mkdirSync(join(repo, 'state'));
  writeFileSync(join(repo, 'TASK.md'), readFileSync(TINY));
});
afterEach(() => rmSync(repo, { recursive: true, force: true }));

/** A task whose profile has another name. */
function other(name: string): string {
  const path = join(repo, 'state', name);
  writeFileSync(path, readFileSync(TINY, 'utf8').replaceAll(/\btiny\b/g, 'elsewhere'));
  return path;
}
function run(profile: string, task?: string): string {
  const record = RunRecord.parse({
    ...{ version: 2, id: 'r', experiment: 'plain', settings: {}, samples: 100, seed: 1, tree: 't' },
    ...{ status: 'finished', reason: null, seconds: 1, sprint: null, profile, task },
    ...{ startedAt: 'now', endedAt: 'now', rowsServed: null, sandbox: 'off' },
    machine: { host: 'h', cpu: 'c', cores: 2, gpu: null, node: 'v22' },
  });
  const dir = join(repo, 'checkpoints/r');
  mkdirSync(join(dir, 'out'), { recursive: true });
  writeFileSync(join(dir, 'run.json'), JSON.stringify(record));
  return dir;
}

it('is TASK.md for its own profiles, and for what is no run', () => {
  expect(taskOfRun(run('tiny'), repo)).toBeUndefined();
  expect(taskOfRun(repo, repo)).toBeUndefined();
});

it('is the file that the record names, also for a file of the run', () => {
  const path = other('transfer-1.TASK.md');
  other('transfer-2.TASK.md');
  const dir = run('elsewhere', 'state/transfer-1.TASK.md');
  expect(taskOfRun(dir, repo)).toBe(path);
  expect(taskOfRun(join(dir, 'out/checkpoint.safetensors'), repo)).toBe(path);
});

it('is the only task of a transfer with the profile, where an earlier record names none', () => {
  const path = other('transfer-1.TASK.md');
  expect(taskOfRun(run('elsewhere'), repo)).toBe(path);
});

it('says in one line where the task is not known', () => {
  const asked = (dir: string) => () => taskOfRun(dir, repo);
  expect(asked(run('elsewhere'))).toThrow(/^r: TASK\.md has no profile "elsewhere"; name the file/);
  other('transfer-1.TASK.md');
  other('transfer-2.TASK.md');
  expect(asked(run('elsewhere'))).toThrow(
    '"elsewhere", and 2 tasks of transfers have one of that name; name',
  );
  expect(asked(run('elsewhere', 'state/gone.TASK.md'))).toThrow(
    /^r: belongs to the task state\/gone\.TASK\.md/,
  );
  // No file of another place, whoever wrote the record.
  expect(asked(run('elsewhere', TINY))).toThrow('which is not in this checkout');
});

import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { readTask } from '#contract/task';
import { exampleTask } from '../fixtures/examples.ts';
import { firstPlain, notReady, readyProfile } from './profiles.ts';

afterEach(() => vi.unstubAllEnvs());

it('where none is named, the task says which profile, else it is the first that requires nothing', async () => {
  const task = exampleTask(({ profiles }) => {
    profiles.large = { ...profiles.tiny };
    profiles.first = { ...profiles.tiny };
    profiles.tiny.requires = 'true';
  });
  const chosen = () => readyProfile(task, process.cwd(), undefined);
  expect(await chosen()).toBe('large');
  task.contract.defaultProfile = 'first';
  expect(await chosen()).toBe('first');
});

it('the task that ships has a profile for a night where no GPU works, and another one for trials', async () => {
  const repo = join(import.meta.dirname, '../..');
  const task = readTask(join(repo, 'TASK.md'));
  expect(firstPlain(task.contract)).toBe('medium');
  expect(await readyProfile(task, repo, undefined)).toBe('small');
});

it('what a profile requires finds the way to the network, since it may download', async () => {
  const task = exampleTask(({ profiles }) => {
    profiles.tiny.requires = `node -e "console.log(process.env.HTTPS_PROXY); process.exit(1)"`;
  });
  vi.stubEnv('HTTPS_PROXY', 'http://proxy.example:3128');
  expect(await notReady(task, process.cwd(), 'tiny')).toBe('http://proxy.example:3128');
});

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startCommand, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';

/** The tiny task with a check that knows one backend, as the real one knows its own. */
function repository(): string {
  const repo = tinyRepository();
  writeFileSync(
    join(repo, 'work', 'check.mjs'),
    `const { ENGINE_BACKEND: name } = process.env;
     if (name !== 'abacus') { console.error('error: unknown backend "' + name + '"; there are: abacus'); process.exit(1); }`,
  );
  git(repo, '-c', 'user.name=Test', '-c', 'user.email=test@example.org', 'commit', '-qam', 'Check');
  return repo;
}

it('refuses a backend that cannot run before anything is written or paid', async () => {
  const repo = repository();
  const loop = startCommand(repo, 'loop', '--researcher', 'offline', '--sandbox', 'off', '--backend', 'cuda');
  expect(await loop.ended).toBe(2);
  expect(loop.said()).toBe(
    'error: --backend cuda: the check of work/ does not pass: unknown backend "cuda"; there are: abacus\n',
  );
  expect(git(repo, 'status', '--porcelain', '--ignored')).toBe('');
  expect(git(repo, 'branch')).toBe('* main');
});

it('starts on one that can', async () => {
  const repo = repository();
  const loop = startCommand(
    repo,
    'loop',
    '--researcher',
    'offline',
    '--sandbox',
    'off',
    '--backend',
    'abacus',
    '--dry',
  );
  expect(await loop.ended).toBe(0);
  expect(loop.said()).toContain('samples/s');
});

it('is asked once by a sweep, not by each of its runs', async () => {
  const repo = repository();
  writeFileSync(
    join(repo, 'work', 'train.mjs'),
    `console.log(JSON.stringify([{ name: 'plain' }, { name: 'both', members: ['plain'] }]));`,
  );
  const sweep = startCommand(repo, 'sweep', 'both', '--sandbox', 'off', '--backend', 'cuda');
  expect(await sweep.ended).toBe(2);
  expect(sweep.said()).toMatch(/^error: --backend cuda: .* there are: abacus\n$/);
  expect(existsSync(join(repo, 'checkpoints'))).toBe(false);
});

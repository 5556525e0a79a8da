import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { root } from '../import-graph.ts';

it('says in one line, and with exit code 77, that there is no SAELens', () => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'test:saelens'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, SAELENS_PYTHON: '/bin/false' },
  });
  expect(stdout).toBe('SKIP: not held to SAELens: /bin/false has no sae-lens\n');
  expect([status, stderr]).toEqual([77, '']);
});

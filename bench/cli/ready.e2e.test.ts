import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const ready = (profile: string) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'bench/cli/ready.ts', '--profile', profile], {
    encoding: 'utf8',
    env: { ...process.env, WORLD_DIR: '/nowhere', HF_ENDPOINT: 'http://127.0.0.1:1', HF_HOME: '/nowhere' },
  });

describe('ready', () => {
  it('is silent and 0 where the machine can run the profile', () => {
    expect(ready('small')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('says in one line what is missing, here a GPU or the released model', () => {
    const { status, stdout, stderr } = ready('16k');
    expect(status).toBe(1);
    // A driver may print warnings on standard error; the caller does not read them.
    expect(stderr).not.toMatch(/^error: |^\s+at /m);
    expect(stdout).toMatch(/^(?!profile).*(GPU|could not be downloaded).*\n$/);
  });

  it('names the profiles there are', () => {
    expect(ready('17k')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('TASK.md has: 16k, medium, small'),
    });
  });
});

import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { cleanEnv } from './env.ts';

it('lets a child know where things are, and no secret', () => {
  const env = cleanEnv(
    { LOOP_DATA_FD: '3', HOME: undefined },
    {
      PATH: process.env.PATH,
      HOME: '/home/someone',
      LC_ALL: 'C',
      ANTHROPIC_API_KEY: 'sk-secret',
      HTTPS_PROXY: 'http://user:secret@proxy',
      NODE_OPTIONS: '--require /tmp/secret.js',
      npm_config_token: 'secret',
      GIT_DIR: '/elsewhere',
    },
  );
  const seen = execFileSync('env', { env, encoding: 'utf8' });
  expect(seen).not.toContain('secret');
  expect(Object.keys(env).sort()).toEqual(['LC_ALL', 'LOOP_DATA_FD', 'PATH']);
});

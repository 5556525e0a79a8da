import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { cleanEnv, serviceEnv } from './env.ts';

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

it('tells our own services where worlds lie, and no token', () => {
  process.env.WORLD_DIR = '/worlds';
  process.env.HF_TOKEN = 'secret';
  try {
    expect(serviceEnv({ LOOP_SANDBOX: 'off' })).toMatchObject({ WORLD_DIR: '/worlds', LOOP_SANDBOX: 'off' });
    expect(serviceEnv()).not.toHaveProperty('HF_TOKEN');
    expect(cleanEnv()).not.toHaveProperty('WORLD_DIR');
  } finally {
    delete process.env.WORLD_DIR;
    delete process.env.HF_TOKEN;
  }
});

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cleanEnv, proxyEnv, serviceEnv } from './env.ts';

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

it('gives proxies to who downloads, and to nobody else', () => {
  const names = ['HTTPS_PROXY', 'NO_PROXY', 'all_proxy'];
  const env = Object.fromEntries(names.map((name) => [name, 'http://me:secret@proxy.example']));
  expect(cleanEnv(proxyEnv({ ...env, HF_TOKEN: 'x' }), {})).toEqual({ ...env, PATH: expect.any(String) });
  expect(cleanEnv({}, env)).toEqual({ PATH: expect.any(String) });
});

it('finds the Node that runs this, whatever PATH has, and changes nothing else of PATH', () => {
  const bin = mkdtempSync(join(tmpdir(), 'bin-'));
  const path = (folder: string) => cleanEnv({}, { PATH: `${folder}:/usr/bin:/bin` });
  const ask = (env: Record<string, string>) =>
    execFileSync('/bin/sh', ['-c', 'node -p process.execPath; command -v env'], { env, encoding: 'utf8' });
  const ours = `${realpathSync(process.execPath)}\n/usr/bin/env\n`;
  // PATH finds a version manager's stand-in, or an older Node.
  writeFileSync(join(bin, 'node'), '#!/bin/sh\necho stand-in\n');
  chmodSync(join(bin, 'node'), 0o755);
  expect(ask(path(bin))).toBe(ours);
  // PATH finds no Node, as under cron; then it finds one through a link.
  rmSync(join(bin, 'node'));
  writeFileSync(join(bin, 'env'), '');
  const nowhere = join(bin, 'nowhere');
  const { PATH } = cleanEnv({}, { PATH: nowhere });
  expect(execFileSync('node', ['-p', '1'], { env: { PATH }, encoding: 'utf8' })).toBe('1\n');
  symlinkSync(process.execPath, join(bin, 'node'));
  expect(path(bin).PATH).toBe(`${bin}:/usr/bin:/bin`);
  rmSync(bin, { recursive: true });
});

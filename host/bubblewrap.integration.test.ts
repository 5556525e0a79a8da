import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bubblewrap, sandboxFromEnv, tryBubblewrap } from './bubblewrap.ts';
import { capture } from './capture.ts';
import { collect, startChild } from './child.ts';
import { cleanEnv } from './env.ts';
import { git } from './git.ts';
import { isAlive, processStart } from './processes.ts';

const repo = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-')));
const at = (name: string) => join(repo, name);
const write = (name: string, text: string) => {
  mkdirSync(join(at(name), '..'), { recursive: true });
  writeFileSync(at(name), text);
};
// Asks bubblewrap directly: a mistake in our own code must fail these tests, not skip them.
const bare = 'bwrap --ro-bind / / --proc /proc --unshare-user --unshare-pid --unshare-net true';
const possible = await capture({ argv: bare.split(' '), cwd: repo, env: cleanEnv() }).then(
  ({ exit, complaint }) => (exit.code === 0 ? null : (complaint ?? 'it fails')),
  (error: Error) => error.message,
);
const python = ['x64', 'arm64'].includes(process.arch) && spawnSync('python3', ['--version']).status === 0;
if (possible !== null) console.log(`SKIP bubblewrap.integration.test.ts: ${possible}`);
const tried = await tryBubblewrap(repo);

beforeAll(async () => {
  await git(repo, ['init', '-q']);
  write('TASK.md', 'the task');
  write('sae/train.ts', 'code');
  write('bench/judge.ts', 'truth');
  write('state/events.jsonl', 'secret');
  write('state/trees/mine/sae/train.ts', 'mine');
  write('state/trees/other/sae/train.ts', 'secret');
  write('checkpoints/old/out/optimizer.safetensors', 'secret');
  write('checkpoints/old/out/result.json', 'result');
  write('checkpoints/new/out/optimizer.safetensors', 'moments');
  write('worlds/dictionary', 'secret');
  write('.env', 'KEY=secret');
  await git(repo, ['add', 'TASK.md']);
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  await git(repo, [...identity, 'commit', '-qm', 'Start']);
  await git(repo, ['config', 'http.extraHeader', 'secret']);
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

describe.skipIf(possible !== null)('in bubblewrap', () => {
  const wrap = (script: string, writable: string[] = [], readable: string[] = []) => {
    if (!tried.ok) throw new Error(tried.why);
    const shown = { writable: writable.map(at), readable: readable.map(at) };
    const confinement = { cwd: repo, wholeCheckout: true, ...shown };
    return tried.sandbox.wrap(['bash', '-c', script], confinement);
  };
  const run = (script: string, writable?: string[], readable?: string[]) =>
    capture({ ...wrap(script, writable, readable), cwd: repo, timeoutSeconds: 120 });

  it('one writes what one may, and nothing else', async () => {
    const targets = [
      'sae/new',
      'bench/judge.ts',
      'TASK.md',
      '.git/HEAD',
      'state/events.jsonl',
      'sae/link',
      'new',
    ];
    symlinkSync(at('bench/judge.ts'), at('sae/link'));
    const { stdout } = await run(
      `${targets.map((name) => `echo spoiled > ${name} && echo ${name}`).join('; ')}; ln bench/judge.ts sae/hard && echo linked`,
      ['sae'],
    );
    rmSync(at('sae/link'));
    // Writes to state/ go to a tmpfs that ends with the sandbox.
    expect(stdout.split('\n').filter((name) => name && name !== 'state/events.jsonl')).toEqual(['sae/new']);
    expect(readFileSync(at('sae/new'), 'utf8')).toBe('spoiled\n');
    expect(readFileSync(at('bench/judge.ts'), 'utf8')).toBe('truth');
    expect(readFileSync(at('state/events.jsonl'), 'utf8')).toBe('secret');
  });

  it('one reads the repository and the own tree, and no secret', async () => {
    process.env.SOME_API_KEY = 'secret';
    process.env.WORLD_DIR = at('worlds');
    const probe = join(homedir(), `.loop-sandbox-probe-${process.pid}`);
    writeFileSync(probe, 'secret');
    const { stdout } = await run(
      `cat TASK.md state/trees/mine/sae/train.ts checkpoints/old/out/result.json checkpoints/new/out/optimizer.safetensors
       cat ${probe} worlds/dictionary .env .git/config state/events.jsonl state/trees/other/sae/train.ts checkpoints/old/out/optimizer.safetensors
       cat /proc/*/environ | tr '\\0' '\\n'; env; git log 2>&1`,
      ['checkpoints/new/out'],
      ['state/trees/mine'],
    );
    delete process.env.SOME_API_KEY;
    delete process.env.WORLD_DIR;
    rmSync(probe);
    expect(stdout).toMatch(/^the taskmineresultmoments/);
    expect(stdout).toContain('PATH=');
    expect(stdout).not.toContain('secret');
  });

  it('one starts whatever a run has put in the place of its optimizer file', async () => {
    write('elsewhere', 'other');
    const odd = 'checkpoints/odd/out/optimizer.safetensors';
    mkdirSync(at(odd), { recursive: true });
    try {
      expect((await run('cat TASK.md')).stdout).toBe('the task');
      for (const target of ['../../../elsewhere', '/usr', '/none']) {
        rmSync(at(odd), { recursive: true });
        symlinkSync(target, at(odd));
        expect((await run('cat TASK.md')).stdout, target).toBe('the task');
      }
    } finally {
      rmSync(at('checkpoints/odd'), { recursive: true });
    }
  });

  it('one looks into the history, whose configuration looks empty', async () => {
    const { stdout } = await run('git log --format=%s; git show HEAD:TASK.md; wc -c < .git/config');
    expect(stdout).toBe('Start\nthe task0\n');
  });

  it('one sees no network and no process outside', async () => {
    const server = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const fetching = `fetch('http://127.0.0.1:${port}').then((r) => r.text()).then(console.log, () => console.log('no way'))`;
    const { stdout } = await run(
      `'${process.execPath}' -e "${fetching}"; kill -9 ${process.pid}; ls /proc | grep -cE '^[0-9]+$'`,
    );
    server.close();
    const [reached, processes] = stdout.trim().split('\n');
    expect(reached).toBe('no way');
    expect(Number(processes)).toBeLessThan(8);
  });

  it('inherited descriptors pass through, and the sandbox ends with its command', async () => {
    const fd = openSync(at('TASK.md'), 'r');
    const child = startChild({
      ...wrap('setsid sleep 300 & cat <&3'),
      cwd: repo,
      fds: { 3: fd },
      stdio: { stdout: 'pipe' },
    });
    closeSync(fd);
    expect(await collect(child.stdout!, child.done)).toBe('the task');
    const exit = await child.done;
    expect(exit.code).toBe(0);
    expect(exit.seconds).toBeLessThan(60);
  });

  it('a command that is stopped may save, and one that will not is killed with all it started', async () => {
    const saver = startChild({
      ...wrap('trap "echo saved > sae/saved; exit 0" TERM; touch sae/ready; while :; do sleep 0.05; done', [
        'sae',
      ]),
      cwd: repo,
    });
    while (!existsSync(at('sae/ready'))) await sleep(10);
    expect(await saver.stop('asked')).toMatchObject({ code: 0, stopped: 'asked' });
    expect(readFileSync(at('sae/saved'), 'utf8')).toBe('saved\n');

    const marker = `300.0${process.pid}`;
    const deaf = startChild({
      ...wrap(`trap "" TERM; setsid sleep ${marker} & touch sae/deaf; sleep 300; sleep 300`, ['sae']),
      cwd: repo,
      graceSeconds: 0.3,
    });
    while (!existsSync(at('sae/deaf'))) await sleep(10);
    expect(await deaf.stop('asked')).toMatchObject({ signal: 'SIGKILL' });
    const argv = ['pgrep', '-f', `sleep ${marker}`];
    const left = () => capture({ argv, cwd: repo, env: { PATH: process.env.PATH! } });
    await expect.poll(async () => (await left()).stdout).toBe('');
    expect(isAlive(deaf.pid, processStart(deaf.pid))).toBe(false);
  });

  it('one has no capability, though root started it, and cannot get one', async () => {
    const { stdout } = await run(
      'grep -hE "^Cap(Prm|Eff|Bnd)|^NoNewPrivs" /proc/self/status; test -w /proc/sys/kernel/core_pattern && echo writable',
    );
    const none = '0'.repeat(16);
    expect(stdout.replaceAll('\t', ' ').trim().split('\n')).toEqual([
      `CapPrm: ${none}`,
      `CapEff: ${none}`,
      `CapBnd: ${none}`,
      'NoNewPrivs: 1',
    ]);
  });

  it.skipIf(!python)('one leaves nothing in a keyring for the next, which no namespace covers', async () => {
    // A login or a service has a session keyring, which all that it starts keep: here Python makes one.
    const call = 'import ctypes; call = ctypes.CDLL(None, use_errno=True).syscall';
    const [add, keyctl, session] = process.arch === 'x64' ? [248, 250, -3] : [217, 219, -3];
    const key = 'b"user", b"weights"';
    const put = `${call}; print(call(${add}, ${key}, b"1", 1, ${session}), ctypes.get_errno())`;
    const get = `${call}; print(call(${keyctl}, 10, ${session}, ${key}, 0), ctypes.get_errno())`;
    const wrapped = [put, get].map((code) => wrap(`python3 -c '${code}'`));
    const inSession = `${call}; import json, subprocess, sys; call(${keyctl}, 1, None)
for argv in json.loads(sys.argv[1]): subprocess.run(argv)`;
    const { stdout } = await capture({
      argv: ['python3', '-c', inSession, JSON.stringify(wrapped.map(({ argv }) => argv))],
      ...{ cwd: repo, env: wrapped[0]!.env, timeoutSeconds: 120 },
    });
    expect(stdout).toBe('-1 38\n-1 38\n');
  });

  it('one has no descriptor for what confines it', async () => {
    expect((await run('ls -l /proc/self/fd | grep -c system-calls')).stdout).toBe('0\n');
  });

  it('one starts while other commands prepare theirs: none empties the files that it is started with', () => {
    const files = () =>
      ['system-calls', 'git-format', 'empty'].map((name) => {
        const { ino, ctimeMs } = statSync(at(`state/${name}`), { throwIfNoEntry: false }) ?? {};
        return [name, ino, ctimeMs];
      });
    const before = files();
    bubblewrap(repo);
    expect(files()).toEqual(before);
  });

  it('a checkout and a Node that lie in the home are there, and the rest of it is not', async () => {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
    const node = join(home, '.nvm/versions/node/bin/node');
    const checkout = join(home, 'checkout');
    mkdirSync(join(node, '..'), { recursive: true });
    mkdirSync(checkout);
    writeFileSync(join(home, '.netrc'), 'secret');
    writeFileSync(join(checkout, 'TASK.md'), 'the task');
    copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
    const program = `
      import { tryBubblewrap } from ${JSON.stringify(join(import.meta.dirname, 'bubblewrap.ts'))};
      import { capture } from ${JSON.stringify(join(import.meta.dirname, 'capture.ts'))};
      const tried = await tryBubblewrap('.');
      if (!tried.ok) throw new Error(tried.why);
      const wrapped = tried.sandbox.wrap(['bash', '-c', 'cat TASK.md ../.netrc; LC_ALL=C ls -A ..'], { cwd: '.', wholeCheckout: true });
      process.stdout.write((await capture({ ...wrapped, cwd: '.' })).stdout);`;
    const { stdout, complaint } = await capture({
      argv: [node, '--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program],
      cwd: checkout,
      env: cleanEnv({ HOME: home }),
      timeoutSeconds: 120,
    });
    rmSync(home, { recursive: true });
    expect(stdout, complaint ?? '').toBe('the task.nvm\ncheckout\n');
  });

  it('the exit code is the command’s', async () => {
    expect((await run('exit 7')).exit.code).toBe(7);
    expect((await run('kill -9 $$')).exit.outOfMemory).toBe(true);
  });
});

describe('without bubblewrap', () => {
  it('says what to install', async () => {
    const path = process.env.PATH;
    const bin = mkdtempSync(join(tmpdir(), 'bin-'));
    symlinkSync('/usr/bin/env', join(bin, 'env'));
    process.env.PATH = bin;
    const result = await tryBubblewrap(repo);
    process.env.PATH = path;
    rmSync(bin, { recursive: true });
    expect(result).toEqual({
      ok: false,
      why: 'bubblewrap is not installed',
      install: 'sudo apt install bubblewrap',
    });
  });

  it('is what a label says', () => {
    expect(sandboxFromEnv(repo, 'off (offline replay, our own code)').label).toBe(
      'off (offline replay, our own code)',
    );
    expect(sandboxFromEnv(repo, 'bubblewrap').label).toBe('bubblewrap');
    expect(sandboxFromEnv(repo, undefined).label).toBe('off (by hand, our own code)');
  });
});

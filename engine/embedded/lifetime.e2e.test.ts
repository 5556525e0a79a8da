import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

function start(
  ending: string,
  program = './testing/program.ts',
): { child: ChildProcess; said: () => string } {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, ending], {
    env: { ...process.env, ENGINE_THREADS: '3' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += chunk;
    });
  }
  return { child, said: () => text };
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('threads do not keep a process: it ends with its work, or with its error', async () => {
  const [ended, thrown] = [start('end'), start('throw')];
  const [[code], [errorCode]] = await Promise.all([ended, thrown].map(({ child }) => once(child, 'close')));
  expect(ended.said()).toBe('1024\n');
  expect(code).toBe(0);
  expect(thrown.said()).toContain('Error: as told');
  expect(errorCode).toBe(1);
});

it('threads may be ended while they load their kernels', async () => {
  const { child, said } = start('', './testing/ending.ts');
  const [code] = await once(child, 'close');
  expect(said()).toBe('1 0');
  expect(code).toBe(0);
});

it.each(['SIGKILL', 'SIGTERM'] as const)('%s in the middle of work leaves nothing behind', async (signal) => {
  const { child } = start('wait');
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  child.kill(signal);
  const [code, by] = await once(child, 'close');
  expect([code, by]).toEqual([null, signal]);
  expect(isAlive(child.pid as number)).toBe(false);
});

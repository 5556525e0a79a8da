import { existsSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noSandbox } from '#host/sandbox';
import { bash } from './bash.ts';

const repo = realpathSync(mkdtempSync(join(tmpdir(), 'bash-')));
const scope = {
  repo,
  sandbox: noSandbox('test'),
  writable: ['work'],
  outputs: join(repo, 'outputs'),
};
const run = (command: string, signal = new AbortController().signal, timeoutSeconds = 120) =>
  bash(command, { ...scope, timeoutSeconds }, signal);

it('gives output and errors in order, and how a command ended', async () => {
  expect(await run('echo one; echo two >&2; pwd')).toBe(`one\ntwo\n${repo}\n`);
  expect(await run('exit 3')).toBe('[exit code 3]');
  expect(await run('true')).toBe('[no output]');
  expect(await run('cd /; X=1')).toBe('[no output]');
  expect(await run('echo $X$PWD')).toBe(`${repo}\n`);
});

it('shows the end of a flood, with the full text in a file, and keeps no file for a short one', async () => {
  const shown = await run('seq 100000');
  const path = /the full output is in (\S+)\]/.exec(shown)?.[1] as string;
  expect(shown).toContain('\n100000\n');
  expect(shown.split('\n').length).toBeLessThan(2010);
  expect(readFileSync(path, 'utf8').startsWith('1\n2\n')).toBe(true);
});

it('ends what takes too long, and what is left running, and at once when the loop stops', async () => {
  let shown = '';
  let seconds = 0.5;
  // Under load a shell may not have begun when its time is over.
  for (; !shown.includes('begun'); seconds *= 2)
    shown = await run('echo begun; sleep 600', undefined, seconds);
  expect(shown).toContain(`begun\n\n[ended at the time limit of ${seconds / 2} s`);
  await run('(sleep 0.6; touch late) & echo started');
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(existsSync(join(repo, 'late'))).toBe(false);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 100);
  expect(await run('sleep 600', stop.signal)).toContain('the loop was stopped');
});

it('does not show the environment of the loop', async () => {
  process.env.ANTHROPIC_API_KEY = 'sk-ant-secret';
  expect(await run('env; cat /proc/self/environ | tr "\\0" "\\n"')).not.toContain('sk-ant');
  delete process.env.ANTHROPIC_API_KEY;
});

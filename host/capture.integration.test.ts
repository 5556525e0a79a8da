import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { capture } from './capture.ts';
import { cleanEnv } from './env.ts';

it('tells the error of a command that died, and not the calls below it', async () => {
  const script = `console.log('said');
    await (async () => { await null; throw new TypeError('no list'); })();`;
  const argv = [process.execPath, '--input-type=module', '-e', script];
  const { exit, stdout, complaint } = await capture({ argv, cwd: tmpdir(), env: cleanEnv() });
  expect([exit.code, stdout, complaint]).toEqual([1, 'said\n', 'TypeError: no list']);
});

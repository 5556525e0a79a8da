import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeStreamHeader } from '#contract/stream';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const names = Object.keys(scripts);

/** A device on which every write fails as on a full disk. */
const FULL = '/dev/full';
describe.skipIf(!existsSync(FULL))('where the disk below its output is full', () => {
  let full = -1;
  beforeAll(() => {
    full = openSync(FULL, 'w');
  });
  afterAll(() => closeSync(full));

  /**
   * Runs a command with a full standard output: its exit code, and its standard error where that is a pipe.
   */
  const run = (stderr: 'pipe' | number, name: string, ...args: string[]) =>
    runInto(full, stderr, name, ...args);
  async function runInto(
    stdout: 'ignore' | number,
    stderr: 'ignore' | 'pipe' | number,
    name: string,
    ...args: string[]
  ): Promise<[number, string]> {
    // Commands of the workspace try the sandbox first, which takes seconds.
    const off = scripts[name].includes('confined.ts') ? ['--sandbox', 'off'] : [];
    const child = spawn('sh', ['-c', `${scripts[name]} "$@"`, 'sh', ...args, ...off], {
      cwd: root,
      stdio: ['pipe', stdout, stderr],
    });
    // The header of a stream of activations, for commands that read one.
    child.stdin?.on('error', () => {}).end(encodeStreamHeader({ d: 24, batchRows: 8 }));
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    return [await new Promise((resolve) => child.once('close', resolve)), said];
  }

  it('every command is silent, and ends as if it had been heard', async () => {
    expect(names.length).toBeGreaterThan(20);
    const waiting = [...names];
    const ends: Record<string, [number, string]> = {};
    const next = async (): Promise<void> => {
      for (let name = waiting.shift(); name; name = waiting.shift())
        ends[name] = await run('pipe', name, '--help');
    };
    await Promise.all([next(), next()]);
    expect(ends).toEqual(Object.fromEntries(names.map((name) => [name, [0, '']])));
  });

  it('keeps its exit code where its complaint is not heard either', async () => {
    expect(await run(full, 'fetch', '--bogus')).toEqual([2, '']);
    expect(await run(full, 'judge', 'no-such-folder')).toEqual([2, '']);
  });

  it('a stream that is cut off is told, and no success', async () => {
    // Builds the world, where no test has yet: it says how far it is.
    await runInto('ignore', 'ignore', 'serve', '--world', 'tiny', '--rows', '1024');
    const why = 'error: standard output: the disk is full; the stream ends within it\n';
    expect(await run('pipe', 'serve', '--world', 'tiny', '--rows', '2048')).toEqual([1, why]);
    expect(await run(full, 'serve', '--world', 'tiny', '--rows', '2048')).toEqual([1, '']);
    expect(await runInto('ignore', full, 'serve', '--world', 'tiny', '--rows', '2048')).toEqual([0, '']);
    const codes = 'error: standard output: the disk is full; the codes end within it\n';
    const checkpoint = 'bench/judge/testing/saelens/topk';
    expect(await run('pipe', 'encode', '--checkpoint', checkpoint)).toEqual([1, codes]);
  });
});

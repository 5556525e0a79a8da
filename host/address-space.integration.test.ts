import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const start = new URL('./start.mjs', import.meta.url).href;

/** Runs start.mjs under a limit on the address space (ulimit -v), in kB. */
function under(limit: string) {
  const node = [process.execPath, '--import', start, '-e', 'process.stdout.write("ran")'];
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', `ulimit -v ${limit}; exec "$@"`, 'bash', ...node],
    {
      encoding: 'utf8',
    },
  );
  return { status, stdout, stderr };
}

it.skipIf(process.platform !== 'linux')('tells in one line that a limit on addresses leaves no room', () => {
  for (const limit of ['8000000', '60000000']) {
    const { status, stdout, stderr } = under(limit);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /^error: the address space is limited to \d+ GB, and WebAssembly reserves up to 80 GB .*ulimit -v unlimited\n$/,
    );
  }
  expect(under('90000000')).toEqual({ status: 0, stdout: 'ran', stderr: '' });
  expect(under('unlimited')).toEqual({ status: 0, stdout: 'ran', stderr: '' });
});

import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('prints beside many threads without a warning: each of them listens to the output too', () => {
  const program = `
    import { Worker } from 'node:worker_threads';
    import { print } from ${JSON.stringify(import.meta.resolve('./program.ts'))};
    const threads = Array.from({ length: 12 }, () => new Worker('', { eval: true }));
    print('one line');
    await Promise.all(threads.map((thread) => thread.terminate()));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program],
    { encoding: 'utf8', timeout: 120_000 },
  );
  expect([stderr, stdout]).toEqual(['', 'one line']);
});

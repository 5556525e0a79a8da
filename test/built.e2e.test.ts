import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { cleanEnv } from '#host/env';
import { commitAll, copiedCheckout } from './checkout.ts';

const tried = await tryBubblewrap(join(import.meta.dirname, '..'));
if (!tried.ok) console.log(`SKIP test/built: ${tried.why}`);

describe.skipIf(!tried.ok)('a run', () => {
  it('has the same verdict from an encoder that was built and from one that was not, to the last bit', () => {
    const repo = copiedCheckout();
    commitAll(repo);
    const node = (...words: string[]): string => {
      const options = { cwd: repo, env: cleanEnv(), encoding: 'utf8' } as const;
      const { status, stdout, stderr } = spawnSync(process.execPath, ['host/start.mjs', ...words], options);
      expect(status, stderr).toBe(0);
      return stdout;
    };
    const what = ['baseline_batchtopk', '--profile', 'small', '--samples', '20480'];
    node('agent/cli/train.ts', ...what, '--no-judge', '--out', 'checkpoints/mine');
    const builds = join(repo, 'state/built');
    const [build = ''] = readdirSync(builds);
    expect(existsSync(join(builds, build, 'files/sae/cli/encode.js'))).toBe(true);
    const trees = join(repo, 'state/trees');
    const [tree = ''] = readdirSync(trees);
    cpSync(join(trees, tree), join(repo, 'state/copy'), { recursive: true });
    const judged = (folder: string): unknown => {
      const how = ['--tree-dir', folder, '--samples', '8192', '--eval-key', 'ab'.repeat(16), '--json'];
      const said = node('bench/cli/judge.ts', 'checkpoints/mine', ...how);
      const { metrics, also } = JSON.parse(said.trim().split('\n').at(-1) ?? '');
      return { metrics, also };
    };
    const plain = judged('state/copy');
    expect(judged(join(trees, tree))).toEqual(plain);
    expect(readdirSync(builds)).toEqual([build]);
    expect(JSON.parse(readFileSync(join(builds, build, 'list.json'), 'utf8')).files).not.toBe(null);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'pack-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const repository = join(import.meta.dirname, '..', '..');

const UNSHARE = '/usr/bin/unshare';
/** Without a network where this user may have none. */
const alone = spawnSync(UNSHARE, ['-rn', 'true']).status === 0 ? [UNSHARE, '-rn'] : [];

it('the archive proves a machine that has no Node, no git, no network and an empty PATH', () => {
  const archive = join(root, 'proof.tgz');
  const pack = ['--import', './host/start.mjs', 'speed/proof/pack.ts', '--out', archive];
  const packed = spawnSync(process.execPath, pack, { cwd: repository, encoding: 'utf8' });
  expect(packed.stderr.replace(/^packing.*$/gm, '').trim()).toBe('');
  expect(packed.status).toBe(0);
  expect(statSync(archive).size).toBeLessThan(60e6);
  expect(spawnSync('tar', ['-xzf', archive, '-C', root]).status).toBe(0);
  const program = join(root, 'gpu-proof', 'gpu-proof');
  const words = ['--backend', 'embedded', '--full', '--samples', '10240', '--out', join(root, 'out')];
  const [command, ...rest] = [...alone, program, ...words];
  const proved = spawnSync(command ?? '', rest, {
    cwd: '/',
    env: { PATH: '', HOME: root },
    encoding: 'utf8',
  });
  // No GPU computes with this backend.
  expect(proved.status, proved.stderr).toBe(1);
  const { parts } = JSON.parse(readFileSync(join(root, 'out', 'proof.json'), 'utf8'));
  expect(parts.map(({ id }: { id: string }) => id)).toEqual([
    'golden step embedded',
    'whole run embedded',
    'data service',
    'verdict embedded',
    'step embedded LISTA-Matryoshka',
    'step embedded BatchTopK',
  ]);
  for (const { id, outcome } of parts) expect(outcome, id).toEqual({ answer: expect.anything() });
});

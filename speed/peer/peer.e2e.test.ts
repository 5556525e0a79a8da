import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { saveWorld } from '#bench/world/store';
import { openWorld } from '#bench/worlds';
import { findSaelens } from '#host/saelens';
import { startPeer } from './ask.ts';

const root = join(import.meta.dirname, '../..');
const python = findSaelens(root);
const why = python ? '' : ' (no Python here has sae-lens; SAELENS_PYTHON names one that has)';
const folder = mkdtempSync(join(tmpdir(), 'peer-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(!python)(`npm run bench -- peer${why}`, () => {
  it('times SAELens beside ourselves, with the same settings', () => {
    const words = ['bench', '--', 'peer', '--profile', 'small', '--rounds', '1', '--seconds', '1', '--json'];
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', ...words], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const ofCpu = lines.filter(({ device }) => device === 'cpu');
    expect(ofCpu.map(({ name }) => name)).toEqual([
      ...['peer BatchTopK', 'peer BatchTopK without data'],
      ...['peer LISTA-Matryoshka', 'peer LISTA-Matryoshka without data'],
      'peer sampler',
    ]);
    for (const line of ofCpu) {
      for (const rate of ['samplesPerSecond', 'npmAlone', 'peerFp32', 'peerBf16'])
        expect(line[rate], `${rate} of ${line.name}`).toBeGreaterThan(10);
      expect(line.world).toBe('small');
    }
    expect(ofCpu[2]).toMatchObject({ d_in: 64, d_sae: 128, batch: 1024 });
  });

  it('refuses a setting that SAELens has not, and says so', async () => {
    saveWorld(folder, (await openWorld('tiny')).world);
    const peer = await startPeer(python as string, folder);
    const adam = { lr: 0.001, adam_beta1: 0.9, adam_beta2: 0.999, dead_feature_window: 9 };
    const settings = { ...adam, d_in: 24, d_sae: 8, k: 2, term_tilt: 0.5 };
    const asked = { what: 'step', device: 'cpu', bf16: false, batch: 64, data: true } as const;
    await expect(peer.time({ ...asked, architecture: 'batchtopk', settings }, 1)).rejects.toThrow(
      /^SAELens: term_tilt: 0.5: SAELens has 0 only for batchtopk$/,
    );
    peer.stop();
  });

  it('says why there is no SAELens to talk to', async () => {
    await expect(startPeer('/bin/false', folder)).rejects.toThrow('SAELens: it ended without an answer');
    await expect(startPeer('/no/such/python', folder)).rejects.toThrow(/ENOENT/);
  });
});

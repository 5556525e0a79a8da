import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { buildStandIn, noStandIn } from './testing/stand-in.ts';

const folder = mkdtempSync(join(tmpdir(), 'several-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a process says that opens the backend: its label, or the line of the error. */
async function opened(device: string): Promise<string> {
  const program = `
    const { openBackend } = await import('./engine/backend.ts');
    console.log(await openBackend('cuda').then(({ label }) => label, (error) => error.message));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: join(import.meta.dirname, '..', '..'),
    env: {
      ...process.env,
      ...{ LD_LIBRARY_PATH: folder, STAND_IN_DEVICES: '2', CUDA_VISIBLE_DEVICES: device },
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await text(child.stdout)).trim();
}

/** `devices` of TASK.md gives each trainer this variable (agent/runs/devices.e2e.test.ts). */
describe.skipIf(noStandIn)('processes beside each other', () => {
  it('compute each on the card that CUDA_VISIBLE_DEVICES names, and one without a card says so', async () => {
    buildStandIn(folder);
    const said = await Promise.all(['0', '1', '2'].map((device) => opened(device)));
    expect(said.slice(0, 2)).toEqual(
      [0, 1].map((card) => expect.stringContaining(`cuda (stand-in for card ${card}, CUDA 12.9`)),
    );
    expect(said[2]).toMatch(
      /^backend cuda.*: the CUDA driver offers no device \(CUDA_VISIBLE_DEVICES=2: .*\)$/,
    );
  });
});

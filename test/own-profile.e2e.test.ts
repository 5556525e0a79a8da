import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cleanEnv } from '#host/env';
import { commitAll, copiedCheckout } from './checkout.ts';

// The profile that README.md shows, added to this checkout's TASK.md and to no other file.
const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const block = (language: string) =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] as string;

let repo: string;
const commit = () => commitAll(repo);
function npm(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['./host/start.mjs', ...words, '--sandbox', 'off'],
    { cwd: repo, env: cleanEnv(), encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}
const dry = () => npm('agent/cli/loop.ts', '--dry', '--profile', 'mine', '--researcher', 'offline');

beforeAll(() => {
  repo = copiedCheckout();
  const task = readFileSync(join(repo, 'TASK.md'), 'utf8');
  writeFileSync(join(repo, 'TASK.md'), task.replace(/^profiles:\n/m, `profiles:\n${block('yaml')}`));
  mkdirSync(join(repo, 'worlds'));
  writeFileSync(join(repo, 'worlds/mine.json'), block('json'));
  commit();
});

describe('a profile of one’s own is an entry in TASK.md and its world', () => {
  it('--dry takes it', () => {
    const { status, stdout, stderr } = dry();
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^profile +mine \(world worlds\/mine\.json\)/m);
    expect(stdout).toMatch(/^speed +\d+ samples\/s$/m);
  });

  it('npm run train trains in it, at its sizes, and the judge counts the run', () => {
    const words = ['agent/cli/train.ts', 'baseline_batchtopk', '--profile', 'mine'];
    const { status, stdout, stderr } = npm(...words, '--samples', '20480', '--out', 'checkpoints/mine');
    expect(status, stderr).toBe(0);
    expect(stderr).not.toContain('cannot count');
    // The run has the width and the learning rate that are asked for; its quality after so few samples is not
    // tested.
    expect(stdout).toMatch(/as a candidate: (the first best|degenerate)/);
    const { config, declared } = JSON.parse(
      readFileSync(join(repo, 'checkpoints/mine/out/result.json'), 'utf8'),
    ) as { config: Record<string, number>; declared: Record<string, number> };
    expect(config).toMatchObject({ d_in: 40, d_sae: 64, k: 2.2 });
    expect(declared).toEqual({ learning_rate: 0.004, epochs: 1 });
  });

  it('--dry refuses sizes that the workspace cannot train, or that break its own constraints, with their line', () => {
    const path = join(repo, 'TASK.md');
    const text = readFileSync(path, 'utf8');
    const said = (from: string, to: string) => {
      const changed = text.replace(from, to);
      writeFileSync(path, changed);
      commit();
      const { status, stderr } = dry();
      const line = Number(/TASK\.md:(\d+):/.exec(stderr)?.[1]);
      return [status, changed.split('\n')[line - 1].trim().split(':')[0], stderr];
    };
    expect(said('d_sae: 64, k: 2.2, lr', 'd_sae: 64, lr')).toEqual([
      2,
      'settings',
      expect.stringContaining('sae/ cannot train in this profile: settings of profile "mine": k: is missing'),
    ]);
    expect(said('d_sae: 64, k', 'd_sae: 32, k')).toEqual([
      2,
      'constraints',
      expect.stringMatching(/every full run of sae\/ would be refused: \w+: 32 where ==64 is asked/),
    ]);
  });
});

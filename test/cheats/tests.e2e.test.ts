import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { cleanEnv } from '#host/env';
import { commitAll, copiedCheckout, gitIn } from '../checkout.ts';

const tried = await tryBubblewrap(join(import.meta.dirname, '../..'));
if (!tried.ok) console.log(`SKIP test/cheats: ${tried.why}`);

// What a test file of the researcher's does when the user runs the tests.
const SPY = `
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
it('looks', () => {
  let wrote = true;
  try { writeFileSync('stolen', 'x'); } catch { wrote = false; }
  console.log('SPY ' + JSON.stringify({ key: process.env.ANTHROPIC_API_KEY ?? null, wrote }));
  expect(1).toBe(1);
});
`;
let repo: string;
const run = (args: string[], env: Record<string, string> = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: repo,
    env: cleanEnv({ ANTHROPIC_API_KEY: 'canary', ...env }),
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
};
const tests = (args: string[] = [], env?: Record<string, string>) =>
  run(['--import', './host/start.mjs', 'test/run.ts', '--project', 'unit', 'sae/spy', ...args], env);
const stolen = () => existsSync(join(repo, 'stolen'));

/** A folder for PATH with the programs that are needed, and no bwrap. */
function withoutBubblewrap(): string {
  const bin = mkdtempSync(join(tmpdir(), 'bin-'));
  for (const name of ['env', 'git', 'node']) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), join(bin, name));
  }
  return bin;
}

beforeAll(() => {
  repo = copiedCheckout();
  commitAll(repo);
  writeFileSync(join(repo, 'sae/spy.test.ts'), SPY);
});

it('tests of our own run as they are, without a key', () => {
  const { status, said } = tests([], { PATH: withoutBubblewrap() });
  expect(status, said).toBe(0);
  expect(said).toContain('SPY {"key":null,"wrote":true}');
});

describe('where Claude has worked', () => {
  beforeAll(() => {
    gitIn(repo, 'clean', '-qf', 'stolen');
    commitAll(repo, 'Sprint 1: Spy (new-best)\n\nResearcher: claude (claude-opus-5-5)');
  });

  it.skipIf(!tried.ok)('a test file of the workspace runs in the sandbox, without a key', () => {
    const { status, said } = tests();
    expect(status, said).toBe(0);
    expect(said).toContain('SPY {"key":null,"wrote":false}');
    expect(stolen()).toBe(false);
  });

  it('no tests run where there is no sandbox, unless that is accepted', () => {
    const env = { PATH: withoutBubblewrap() };
    const refused = tests([], env);
    expect([refused.status, refused.said]).toEqual([
      2,
      expect.stringMatching(/^error: Claude has worked on this branch .*--sandbox off\n$/),
    ]);
    expect(stolen()).toBe(false);
    expect(tests(['--sandbox', 'off'], env).said).toContain('SPY {"key":null,"wrote":true}');
    gitIn(repo, 'clean', '-qf', 'stolen');
  });

  it('none run by vitest itself', () => {
    const { status, said } = run(['node_modules/vitest/vitest.mjs', 'run', 'sae/spy']);
    expect(status).not.toBe(0);
    expect(said).toContain('run the tests with "npm test');
    expect(stolen()).toBe(false);
  });
});

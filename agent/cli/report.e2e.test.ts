import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { baseline, sprintsFolder } from '../report/fixtures/load.ts';

const repo = fileURLToPath(new URL('../..', import.meta.url));
let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'report-cli-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const report = (...args: string[]) =>
  execa('node', ['host/start.mjs', 'agent/cli/report.ts', ...args], { cwd: repo, reject: false });

it('renders a sprint and the notebook from the sprint folders alone', async () => {
  cpSync(sprintsFolder, join(base, 'sprints'), { recursive: true });
  const out = join(base, 'out');
  const { exitCode, stdout } = await report(join(base, 'sprints', baseline.id), '--out', out);
  expect(exitCode).toBe(0);
  expect(readdirSync(out).sort()).toEqual(
    [
      ...['html', 'md', 'pdf'].map((form) => `${baseline.id}.${form}`),
      ...['index.html', 'ledger.csv', 'runs.csv'],
    ].sort(),
  );
  expect(stdout.split('\n')).toHaveLength(6);
});

it('says in one line what is wrong, with exit code 2, and writes nothing', async () => {
  const out = join(base, 'out');
  for (const args of [
    [base, '--out', out],
    [base, '--wat'],
  ]) {
    const { exitCode, stderr } = await report(...args);
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toMatch(/^error: [^\n]+$/);
  }
  expect(existsSync(out)).toBe(false);
});

it.each(['/dev/null/x', '/proc/x'])('refuses %s as a place for reports in one line', async (out) => {
  const { exitCode, stderr } = await report(join(sprintsFolder, baseline.id), '--out', out);
  expect(exitCode, stderr).toBe(2);
  expect(stderr).toMatch(/^error: --out \/[^\n]+cannot be written to[^\n]+$/);
});

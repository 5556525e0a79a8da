import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateDir } from '#agent/common/paths';
import { joinCommand } from '#host/command';
import { cleanEnv } from '#host/env';
import { commitAll, copiedCheckout } from '../checkout.ts';
import { root } from '../import-graph.ts';

/** The size of the terminal that a night is recorded in. */
export const TERMINAL = { columns: 100, rows: 32 };

/** What `script` wrote of a loop's terminal. */
export const recordingOf = (checkout: string) => join(stateDir(checkout), 'console.txt');

/** Plays a night of the offline replay in a copy of this checkout, and records its terminal. */
export async function playNight(): Promise<string> {
  const repo = copiedCheckout();
  commitAll(repo);
  mkdirSync(stateDir(repo), { recursive: true });
  const { columns, rows } = TERMINAL;
  await done(
    'script',
    [
      '-qefc',
      `stty cols ${columns} rows ${rows}; exec npm run --silent loop -- --researcher offline`,
      recordingOf(repo),
    ],
    repo,
  );
  return repo;
}

/** Renders notebook and reports of a checkout anew, by the code of this one. Returns their folder. */
export async function renderedAnew(checkout: string): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), 'pictures-'));
  const report = ['--import', join(root, 'host/start.mjs'), join(root, 'agent/cli/report.ts'), '--out', out];
  await done(process.execPath, report, checkout);
  return out;
}

/** Runs a program whose output a person may see. @throws where it fails. */
async function done(program: string, argv: readonly string[], cwd: string): Promise<void> {
  const child = spawn(program, argv, {
    ...{ cwd, env: cleanEnv({ TERM: 'xterm-256color' }) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${joinCommand([program, ...argv])}: exit code ${code}`);
}

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { capture } from '#host/capture';
import { findSaelens, pythonEnv } from '#host/saelens';
import { root } from '../import-graph.ts';

const python = findSaelens(root);

/** For `skipIf`, and for the title of what is skipped. */
export const isHere = python !== null;
export const why = isHere ? '' : ' (no Python here has sae-lens; SAELENS_PYTHON names one that has)';

/** Whether that Python can draw: SAELens does not bring Matplotlib. */
export const hasMatplotlib =
  python !== null &&
  spawnSync(python, ['-c', 'import matplotlib'], { stdio: 'ignore', env: pythonEnv() }).status === 0;

/** One thread: PyTorch's threads wait for each other by spinning, which is slow beside other tests. */
const ENVIRONMENT = {
  PYTHONPATH: join(root, 'speed/peer'),
  PYTHONDONTWRITEBYTECODE: '1',
  OMP_NUM_THREADS: '1',
  TQDM_DISABLE: '1',
};

/**
 * Runs a Python script of this folder, or by its path from the root, and returns what it prints.
 * `speed/peer/lista.py` can be imported there.
 * @throws Error with the end of what it says where it fails
 */
export function runPython(script: string, ...args: string[]): string {
  const path = script.includes('/') ? join(root, script) : join(import.meta.dirname, script);
  const { status, stdout, stderr } = spawnSync(python ?? 'python3', ['-W', 'ignore', path, ...args], {
    encoding: 'utf8',
    env: pythonEnv(ENVIRONMENT),
    maxBuffer: 1 << 28,
    // While it waits no timeout of the test can fire.
    timeout: 1_800_000,
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr.trim().slice(-3000)}`);
  return stdout;
}

/** Runs such a script without waiting in this process, where it asks a server of this process. */
export const startPython = (script: string, ...args: string[]) =>
  capture({
    argv: [python ?? 'python3', '-W', 'ignore', join(import.meta.dirname, script), ...args],
    ...{ cwd: root, env: pythonEnv(ENVIRONMENT), timeoutSeconds: 120 },
  });

/** The JSON that a Python script prints last. */
export const ask = <T>(script: string, ...args: string[]): T =>
  JSON.parse(
    runPython(script, ...args)
      .trim()
      .split('\n')
      .at(-1) ?? '',
  ) as T;

import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = /^loop-tests-(\d+)$/;
const HOUR = 3_600_000;

/**
 * Vitest's global setup: one temporary folder for all that a test run makes, removed at its end. KEEP_TMP=1
 * keeps it. A folder that a killed run left is removed by the next run, after an hour at the earliest.
 */
export default function ownTmp(): () => void {
  const shared = tmpdir();
  for (const name of readdirSync(shared)) {
    const pid = NAME.exec(name)?.[1];
    const path = join(shared, name);
    if (pid && !existsSync(`/proc/${pid}`) && age(path) > HOUR) remove(path);
  }
  const own = join(shared, `loop-tests-${process.pid}`);
  remove(own);
  mkdirSync(own);
  // Workers are forked after this and inherit TMPDIR, and so does every process that a test starts.
  process.env.TMPDIR = own;
  return () => {
    process.env.TMPDIR = shared;
    if (process.env.KEEP_TMP) process.stdout.write(`kept: ${own}\n`);
    else remove(own);
  };
}

function age(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    // Another test run has removed the folder meanwhile.
    return 0;
  }
}

/** Removes a folder. A failure is reported and fails no test. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 200 });
  } catch (error) {
    process.stderr.write(`${path}: could not be removed (${(error as Error).message})\n`);
  }
}

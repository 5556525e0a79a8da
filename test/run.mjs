// Starts Vitest with the given arguments. Vite, which loads the tests, cannot read a path with "#", "?" or
// "%": in a checkout with such a path the tests run in a copy, which is removed afterwards.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const checkout = join(import.meta.dirname, '..');
const UNREADABLE = /[#?%]/;
/** Folders that runs write: the copy does not need them, and they may be large. */
const LEFT = ['state', 'checkpoints'];

function copied() {
  if (UNREADABLE.test(tmpdir())) {
    console.error(`error: ${tmpdir()}: set TMPDIR to a folder without "#", "?" and "%"`);
    process.exit(2);
  }
  const folder = mkdtempSync(join(tmpdir(), 'loop-copy-'));
  // Tests run programs as other users, who must be able to enter the folder.
  chmodSync(folder, 0o755);
  console.error(`The tests run in a copy, ${folder}: Vite reads no path with "#", "?" or "%".`);
  cpSync(checkout, folder, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !LEFT.includes(relative(checkout, path)),
  });
  return folder;
}

const copy = UNREADABLE.test(checkout) ? copied() : null;
const cwd = copy ?? checkout;
const vitest = join(cwd, 'node_modules/vitest/vitest.mjs');
try {
  const ended = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
    cwd,
    stdio: 'inherit',
  });
  process.exitCode = ended.status ?? 1;
} finally {
  if (copy !== null) rmSync(copy, { recursive: true, force: true });
}

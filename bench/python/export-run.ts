import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { capture } from '#host/capture';
import { entriesBelow, LONGEST_NAME } from '#host/entries-below';
import { removeLeft } from '#host/remove-left';
import type { Sandbox } from '#host/sandbox';
import type { Encoding } from '../judge/subject.ts';

const SECONDS = 120;
const MOST = { bytes: 2 ** 31, files: 10_000 };
const EXPORT = ['node', '--import', 'tsx', 'sae/cli/export.ts'];

/**
 * Has the workspace of a run export its checkpoint, confined, and does `reading` with the folder.
 * @throws UserError with why nothing was exported
 */
export async function withExport<T>(
  { cwd, checkpoint, readable = [] }: Pick<Encoding, 'cwd' | 'checkpoint' | 'readable'>,
  sandbox: Sandbox,
  reading: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'exported-'));
  const tooMuch = new AbortController();
  const watch = setInterval(() => isTooMuch(folder) && tooMuch.abort(), 500);
  try {
    const { exit, complaint } = await capture({
      ...sandbox.wrap([...EXPORT, checkpoint, '--out', folder], {
        ...{ cwd, readable: [cwd, checkpoint, ...readable], writable: [folder] },
      }),
      ...{ cwd, timeoutSeconds: SECONDS, graceSeconds: 0 },
      until: { signal: tooMuch.signal, reason: 'it wrote too much', graceSeconds: 0 },
    });
    if (exit.stopped !== null) throw new UserError(exit.stopped);
    if (exit.timedOut) throw new UserError(`it did not end within ${SECONDS} s`);
    if (exit.code !== 0) throw new UserError(complaint ?? `it ended with ${exit.signal ?? exit.code}`);
    return await reading(folder);
  } finally {
    clearInterval(watch);
    removeLeft(folder);
  }
}

function isTooMuch(folder: string): boolean {
  const sum = { bytes: 0, files: 0 };
  for (const { name, stat } of entriesBelow(folder)) {
    sum.files++;
    sum.bytes += stat.size;
    if (sum.bytes > MOST.bytes || sum.files > MOST.files || name.length > LONGEST_NAME) return true;
  }
  return false;
}

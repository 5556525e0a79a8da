import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { capture } from '#host/capture';
import type { Sandbox } from '#host/sandbox';
import type { Encoding } from '../judge/subject.ts';

const SECONDS = 120;
const MOST_BYTES = 2 ** 31;
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
  const watch = setInterval(() => bytesIn(folder) > MOST_BYTES && tooMuch.abort(), 500);
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
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes of the files in a folder; the files of an export lie in none below it but while they are written. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { removeLeft } from '#host/remove-left';

/**
 * A new folder on the node's own disk for a run on a secret world. A job that is killed, or whose node dies,
 * cannot remove its own: so what earlier starts of this job left here goes first, and what other jobs of this
 * checkout left that are over. `jobDir`: the folder of the job, which is there until its run has ended.
 */
export function ownPlace(jobDir: string, above = tmpdir()): string {
  // Other checkouts have their own, whose jobs cannot be told here.
  const checkout = createHash('sha256').update(dirname(jobDir)).digest('hex').slice(0, 8);
  const ours = new RegExp(`^confirm-${checkout}-(loop-[0-9a-f]+)-\\w{6}$`);
  for (const name of readdirSync(above)) {
    const job = ours.exec(name)?.[1];
    if (job === undefined || (job !== basename(jobDir) && existsSync(join(dirname(jobDir), job)))) continue;
    const path = join(above, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.uid === userInfo().uid) removeLeft(path);
  }
  return mkdtempSync(join(above, `confirm-${checkout}-${basename(jobDir)}-`));
}

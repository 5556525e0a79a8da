import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkedFile, type RunFolder } from './run-folder.ts';

/**
 * Does `measuring` with the paths of checkpoints of a run, files below its `out/`, each after its check.
 * While a run trains, its trainer may put a link in the place of a file that was checked, and the encoder's
 * sandbox would show what that leads to. So its encoder gets a copy of what was checked, which no run can
 * write.
 * @throws UserError for a bad file
 */
export async function withCheckpoints<T>(
  folder: RunFolder,
  names: readonly string[],
  measuring: (paths: readonly string[]) => Promise<T>,
): Promise<T> {
  if (folder.run.status !== 'running') return measuring(names.map((name) => checkedFile(folder, name).path));
  const copies = mkdtempSync(join(realpathSync(folder.dir), 'judging-'));
  const remove = () => rmSync(copies, { recursive: true, force: true });
  // A signal ends the process without what is done finally.
  process.once('exit', remove);
  try {
    const copied = names.map((name) => {
      const copy = join(copies, basename(name));
      writeFileSync(copy, checkedFile(folder, name).bytes);
      return copy;
    });
    return await measuring(copied);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

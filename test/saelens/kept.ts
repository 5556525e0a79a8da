import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';

/**
 * What `make` gives, which is kept as `<folder>/<name>.json`: a later call, also after a kill, takes it from
 * there. Nothing is kept where there is no folder.
 */
export async function kept<T>(
  folder: string | undefined,
  name: string,
  make: () => Promise<T> | T,
): Promise<T> {
  if (!folder) return make();
  const file = join(folder, `${name}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as T;
  const made = await make();
  writeJsonAtomic(file, made);
  return made;
}

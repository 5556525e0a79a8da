import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { UserError } from '#contract/errors';

const LFS = 'version https://git-lfs.github.com/spec/';

/**
 * Reads a file of an SAE. Links are followed, as those into a hub's cache.
 * @throws UserError for a missing file, a broken link, or a git-LFS pointer
 */
export function readSaved(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const link = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UserError(
      link
        ? `${path}: a link to ${readlinkSync(path)}, which cannot be read (${code}); download the SAE again`
        : `${path}: cannot be read (${code}); SAELens saves cfg.json and sae_weights.safetensors`,
    );
  }
  if (bytes.toString('latin1', 0, LFS.length) === LFS) {
    throw new UserError(
      `${path}: a git-LFS pointer and not the file itself; fetch it with \`git lfs pull\` in its repository`,
    );
  }
  return bytes;
}

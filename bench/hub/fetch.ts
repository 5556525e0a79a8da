import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { UserError } from '#contract/errors';
import { fullDisk } from '#contract/output';
import { hubCache, modelDir, snapshotDir } from './cache.ts';
import { claimed } from './claim.ts';
import { describe, downloadInto, type Source } from './download.ts';
import { reason } from './reason.ts';
import { byHand, type Release, SYNTH_16K_RELEASE, sha256Of, verifyReleased } from './released.ts';
import { hubOf, offlineBy, timeoutOf } from './settings.ts';

export interface FetchOptions {
  release?: Release;
  /**
   * Default: HF_ENDPOINT, else https://huggingface.co. May hold a user and password, which are never printed.
   */
  hubUrl?: string;
  /** Default: the Hugging Face cache, shared with Python. */
  cacheDir?: string;
  /**
   * Default: the token that the hub's own conventions give (settings.ts). The model is public, but a mirror
   * may require a token. Never printed.
   */
  accessToken?: string;
  attempts?: number;
  retryMs?: number;
  contactMs?: number;
  stallMs?: number;
  link?: typeof symlinkSync;
  onProgress?: (file: string, bytes: number, of: number) => void;
  /** Called once with a line that names the proxy, if one is used. */
  onNote?: (line: string) => void;
}

/**
 * Downloads the released model into the Hugging Face cache and returns the folder of its three files. Files
 * that are already there are not requested again, an interrupted download resumes, and a file is put in
 * place only once its SHA-256 is right.
 * @throws UserError where the hub is offline or refuses, or a hash is wrong (the file is named and
 * discarded); the message says how to get the files by hand.
 */
export async function fetchReleased(options: FetchOptions = {}): Promise<string> {
  const release = options.release ?? SYNTH_16K_RELEASE;
  const cache = options.cacheDir ?? hubCache();
  const dir = snapshotDir(cache, release);
  const told = new Set<string>();
  const onNote = (line: string) => {
    if (!told.has(line)) options.onNote?.(line);
    told.add(line);
  };
  for (const { name, sha256 } of release.files) {
    const path = join(dir, name);
    if (existsSync(path) && sha256Of(path) === sha256) continue;
    await fetchFile({ cache, path, name, sha256, release }, { ...options, onNote });
  }
  return dir;
}

interface Wanted {
  cache: string;
  path: string;
  name: string;
  sha256: string;
  release: Release;
}

async function fetchFile(wanted: Wanted, options: FetchOptions): Promise<void> {
  const { cache, path, name, sha256, release } = wanted;
  const { repo, revision } = release;
  const offline = offlineBy();
  if (offline)
    throw new UserError(
      `${name} of ${repo} is not here, and ${offline} is set; unset it, or ${byHand(release)}`,
    );
  const hub = hubOf(options);
  for (const note of hub.network.notes) options.onNote?.(note);
  const { attempts = 5, retryMs = 500, onProgress, link = symlinkSync } = options;
  const contactMs = options.contactMs ?? timeoutOf('HF_HUB_ETAG_TIMEOUT', 10_000);
  const stallMs = options.stallMs ?? timeoutOf('HF_HUB_DOWNLOAD_TIMEOUT', 60_000);
  const source: Source = { repo, revision, path: name, hub, sha256, attempts, retryMs, contactMs, stallMs };
  const advice = `try again, or ${byHand(release)}`;
  const failed = (error: unknown): never => {
    if (error instanceof UserError) throw error;
    const unwritable = diskTrouble(error, cache);
    if (unwritable) throw new UserError(unwritable);
    const why = reason(error, hub);
    throw new UserError(`${name} of ${repo} could not be downloaded from ${hub.url} (${why}); ${advice}`);
  };
  const { etag } = await describe(source).catch(failed);
  // The cache names a blob by its etag: the SHA-256 of large files, git's id of small ones.
  const id = etag.replace(/^W\//, '').replace(/[^A-Za-z0-9._-]/g, '') || sha256;
  const blob = join(modelDir(cache, repo), 'blobs', id);
  await bring(blob).catch(failed);

  async function bring(blob: string): Promise<void> {
    if (!existsSync(blob) || sha256Of(blob) !== sha256) {
      const partial = `${blob}.incomplete`;
      await claimed(partial, async () => {
        await downloadInto(partial, source, (bytes, of) => onProgress?.(name, bytes, of));
        const found = sha256Of(partial);
        if (found !== sha256) {
          rmSync(partial);
          throw new UserError(
            `${name} from ${hub.url} is not the released file (SHA-256 ${found}, ${sha256} expected): discarded; ${advice}`,
          );
        }
        renameSync(partial, blob);
      });
    }
    putInPlace(blob, path, link);
  }
}

/**
 * Links the file's name to the blob. Where the disk has no links, or HF_HUB_DISABLE_SYMLINKS is set, the
 * blob itself is moved there, as Python's library does.
 */
function putInPlace(blob: string, path: string, link: typeof symlinkSync): void {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.tmp`;
  rmSync(fresh, { force: true });
  try {
    if (/^(1|on|yes|true)$/i.test(process.env.HF_HUB_DISABLE_SYMLINKS ?? '')) throw new Error('not wanted');
    link(relative(dirname(path), blob), fresh);
  } catch {
    renameSync(blob, path);
    return;
  }
  renameSync(fresh, path);
}

/** What is wrong with the folder that is written to; null where the error has another cause. */
function diskTrouble(error: unknown, folder: string, by = 'HF_HUB_CACHE'): string | null {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined || syscall === 'connect' || syscall === 'getaddrinfo') return null;
  const full = fullDisk(error);
  if (full !== null) return `${folder}: ${full}; free some space, or name another folder in ${by}`;
  const closed = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'].includes(code ?? '');
  return closed ? `${folder}: cannot be written (${code}); name another folder in ${by}` : null;
}

/**
 * Copies the files of the released model from a folder, once all of them are there with the right hash.
 * @throws UserError naming the file that is missing or wrong; then nothing was written.
 */
export function importReleased(from: string, to: string, release: Release = SYNTH_16K_RELEASE): void {
  verifyReleased(from, release);
  try {
    mkdirSync(to, { recursive: true });
    for (const { name } of release.files) {
      const temporary = join(to, `${name}.${process.pid}.tmp`);
      copyFileSync(join(from, name), temporary);
      renameSync(temporary, join(to, name));
    }
  } catch (error) {
    throw new UserError(diskTrouble(error, to, '--dir or WORLD_DIR') ?? String(error));
  }
}

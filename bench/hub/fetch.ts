import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { HubApiError } from '@huggingface/hub';
import { UserError } from '#contract/errors';
import { hubCache, modelDir, snapshotDir } from './cache.ts';
import { claimed } from './claim.ts';
import { describe, downloadInto, type Source } from './download.ts';
import { byHand, type Release, SYNTH_16K_RELEASE, sha256Of, verifyReleased } from './released.ts';

export interface FetchOptions {
  release?: Release;
  /** Default: HF_ENDPOINT, else https://huggingface.co. */
  hubUrl?: string;
  /** Default: the Hugging Face cache, shared with Python. */
  cacheDir?: string;
  /** Default: HF_TOKEN. The model is public; a mirror may want one. Never printed. */
  accessToken?: string;
  attempts?: number;
  retryMs?: number;
  contactMs?: number;
  stallMs?: number;
  onProgress?: (file: string, bytes: number, of: number) => void;
}

/**
 * Downloads the released model into the Hugging Face cache and returns the folder of its three files. What is there is
 * not asked for again, a cut download goes on where it ended, and a file is in its place only when its SHA-256 is right.
 * @throws UserError: offline, refused, a wrong hash (named and discarded); the line says how to get the files by hand.
 */
export async function fetchReleased(options: FetchOptions = {}): Promise<string> {
  const release = options.release ?? SYNTH_16K_RELEASE;
  const cache = options.cacheDir ?? hubCache();
  const dir = snapshotDir(cache, release);
  for (const { name, sha256 } of release.files) {
    const path = join(dir, name);
    if (existsSync(path) && sha256Of(path) === sha256) continue;
    await fetchFile({ cache, path, name, sha256, release }, options);
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
  const hubUrl = (options.hubUrl ?? (process.env.HF_ENDPOINT || 'https://huggingface.co')).replace(
    /\/+$/,
    '',
  );
  const { attempts = 5, retryMs = 500, contactMs = 10_000, stallMs = 60_000, onProgress } = options;
  const accessToken = options.accessToken ?? (process.env.HF_TOKEN?.trim() || undefined);
  const { repo, revision } = release;
  const advice = `try again, or ${byHand(release)}`;
  const source: Source = {
    repo,
    revision,
    path: name,
    hubUrl,
    accessToken,
    attempts,
    retryMs,
    contactMs,
    stallMs,
  };
  if (/^(1|on|yes|true)$/i.test(process.env.HF_HUB_OFFLINE ?? '')) {
    throw new UserError(
      `${name} of ${repo} is not here, and HF_HUB_OFFLINE is set; unset it, or ${byHand(release)}`,
    );
  }
  const offline = (error: unknown): never => {
    const why = reason(error, accessToken);
    throw new UserError(`${name} of ${repo} could not be downloaded from ${hubUrl} (${why}); ${advice}`);
  };
  const { etag } = await describe(source).catch(offline);
  // The cache names a blob by its etag: the SHA-256 of large files, git's id of small ones.
  const id = etag.replace(/^W\//, '').replace(/[^A-Za-z0-9._-]/g, '');
  if (!/[A-Za-z0-9]/.test(id)) throw new UserError(`${hubUrl} gave no usable etag for ${name}: ${etag}`);
  const blob = join(modelDir(cache, repo), 'blobs', id);
  if (!existsSync(blob) || sha256Of(blob) !== sha256) {
    const partial = `${blob}.incomplete`;
    await claimed(partial, async () => {
      await downloadInto(partial, source, (bytes, of) => onProgress?.(name, bytes, of)).catch(offline);
      const found = sha256Of(partial);
      if (found !== sha256) {
        rmSync(partial);
        throw new UserError(
          `${name} from ${hubUrl} is not the released file (SHA-256 ${found}, ${sha256} expected): discarded; ${advice}`,
        );
      }
      renameSync(partial, blob);
    });
  }
  mkdirSync(dirname(path), { recursive: true });
  const link = `${path}.${process.pid}.tmp`;
  rmSync(link, { force: true });
  symlinkSync(relative(dirname(path), blob), link);
  renameSync(link, path);
}

/** Why, in a few words and without secrets: `fetch failed` hides its cause, and a server may send back what it was sent. */
function reason(error: unknown, secret: string | undefined): string {
  if (error instanceof HubApiError) return `HTTP ${error.statusCode}`;
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const under = cause as NodeJS.ErrnoException | undefined;
  const text = under ? `${message}: ${under.code ?? under.message}` : message;
  // Before the first line is taken: a token may have a line's end in it.
  return (secret ? text.replaceAll(secret, '[token]') : text).split('\n')[0];
}

/**
 * Copies the files of the released model from a folder, each only when its hash is right and all are there.
 * @throws UserError naming the file that is missing or wrong; then nothing was written.
 */
export function importReleased(from: string, to: string, release: Release = SYNTH_16K_RELEASE): void {
  verifyReleased(from, release);
  mkdirSync(to, { recursive: true });
  for (const { name } of release.files) {
    const temporary = join(to, `${name}.${process.pid}.tmp`);
    copyFileSync(join(from, name), temporary);
    renameSync(temporary, join(to, name));
  }
}

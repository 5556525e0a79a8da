import { closeSync, existsSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { downloadFile, type FileDownloadInfoOutput, fileDownloadInfo, HubApiError } from '@huggingface/hub';
import { fullDisk } from '#contract/output';
import { hubFetch } from './request.ts';
import type { Hub } from './settings.ts';

/** One file of a hub repository, with its retries and timeouts. */
export interface Source {
  repo: string;
  revision: string;
  path: string;
  hub: Hub;
  /** Expected SHA-256 of the file, in hex. */
  sha256: string;
  /** Failures in a row without a new byte after which the download fails. */
  attempts: number;
  /** Pause after the first failure; it doubles, up to 30 s. */
  retryMs: number;
  /** Longest wait for an answer to begin (`contactMs`) and between two pieces of a file (`stallMs`). */
  contactMs: number;
  stallMs: number;
}

/** Size and etag of a file. @throws HubApiError, or what `fetch` throws where there is no connection. */
export async function describe(source: Source): Promise<FileDownloadInfoOutput> {
  const info = await persistently(source, () => fileDownloadInfo(request(source)));
  if (!info) throw new Error(`the repository has no ${source.path} at ${source.revision}`);
  return info;
}

/**
 * Downloads the rest of a file into `partial`, after the bytes that are already there. The library's own
 * cache download starts over after an interruption; its blobs can be sliced, and a slice is a range
 * request.
 * @throws the last error when `attempts` in a row brought no byte; the partial file stays for the next
 * call.
 */
export async function downloadInto(
  partial: string,
  source: Source,
  onBytes: (done: number, of: number) => void,
): Promise<void> {
  mkdirSync(dirname(partial), { recursive: true });
  const have = (): number => (existsSync(partial) ? statSync(partial).size : 0);
  let before = have();
  const advanced = (): boolean => {
    const more = have() > before;
    before = have();
    return more;
  };
  await persistently(
    source,
    async () => {
      // Requested again on each try: the address that the hub redirects to expires.
      const downloadInfo = (await fileDownloadInfo(request(source))) ?? undefined;
      const blob = downloadInfo && (await downloadFile({ ...request(source), downloadInfo, xet: false }));
      if (!blob) throw new Error(`the repository has no ${source.path} at ${source.revision}`);
      const done = have();
      // A partial file that is longer than the file cannot be its beginning.
      const from = done > blob.size ? 0 : done;
      if (from < blob.size)
        await append(blob.slice(from), partial, from, source.stallMs, (n) => onBytes(n, blob.size));
      if (have() < blob.size) throw new Error(`the connection was cut at ${have()} of ${blob.size} bytes`);
    },
    advanced,
  );
}

async function append(
  blob: Blob,
  partial: string,
  from: number,
  stallMs: number,
  onBytes: (done: number) => void,
): Promise<void> {
  const fd = openSync(partial, from === 0 ? 'w' : 'a');
  const reader = blob.stream().getReader();
  let done = from;
  try {
    for (;;) {
      const { value, done: end } = await within(stallMs, reader.read());
      if (end) return;
      for (let at = 0; at < value.length; ) at += writeSync(fd, value, at);
      done += value.length;
      onBytes(done);
    }
  } finally {
    closeSync(fd);
    reader.cancel().catch(() => {});
  }
}

/**
 * Repeats `action` after failures that may be temporary. `advanced` tells whether the failed try still
 * brought data.
 */
async function persistently<T>(
  { attempts, retryMs }: Source,
  action: () => Promise<T>,
  advanced: () => boolean = () => false,
): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await action();
    } catch (error) {
      failures = advanced() ? 1 : failures + 1;
      if (isFinal(error) || failures >= attempts) throw error;
      await sleep(Math.min(30_000, retryMs * 2 ** (failures - 1)));
    }
  }
}

/** Whether a retry is useless: the hub refuses for good, or the disk is full or not writable. */
function isFinal(error: unknown): boolean {
  if (error instanceof HubApiError) {
    return error.statusCode < 500 && error.statusCode !== 408 && error.statusCode !== 429;
  }
  const { code } = error as NodeJS.ErrnoException;
  return fullDisk(error) !== null || ['EACCES', 'EPERM', 'EROFS'].includes(code ?? '');
}

const request = ({ repo, path, revision, hub, contactMs, sha256 }: Source) => ({
  repo,
  path,
  revision,
  hubUrl: hub.url,
  fetch: hubFetch(hub, contactMs, sha256),
});

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no data for ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, stalled]);
  } finally {
    clearTimeout(timer);
  }
}

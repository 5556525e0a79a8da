import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { plain } from '#contract/text';
import { type Child, startChild } from '#host/child';
import { lastWord } from '#host/last-word';
import type { Sandbox } from '#host/sandbox';
import type { Python } from './find.ts';

/** What an encoder in Python gave: codes [rows × latents] and reconstruction [rows × d], or why nothing. */
export type Ran =
  | { codes: Float32Array; recon: Float32Array }
  | { failed: string; said?: string }
  | { lacks: string };

export interface Sizes {
  rows: number;
  d: number;
  latents: number;
}

const SCRIPT = readFileSync(join(import.meta.dirname, 'run.py'), 'utf8');
const LACKS = 3;
const LOG_BYTES = 1 << 16;

/**
 * Runs `encode.py` of a folder on its `x.bin` in the sandbox. It may read the folder and Python, write
 * nothing, and sees no variable of ours; its time, its memory and its answer are limited.
 */
export async function runForm(
  { program, library, readable }: Python,
  sandbox: Sandbox,
  folder: string,
  { rows, d, latents }: Sizes,
  { log, seconds = 120 }: { log: string; seconds?: number },
): Promise<Ran> {
  const argv = [program, '-I', '-B', '-c', SCRIPT, folder, library, ...[rows, d, latents].map(String)];
  const child = startChild({
    ...sandbox.wrap(argv, { cwd: folder, readable: [folder, ...readable] }),
    ...{ cwd: folder, timeoutSeconds: seconds, graceSeconds: 0 },
    ...{ stdio: { stdout: 'pipe', stderr: 'log' }, log: { path: log, maxBytes: LOG_BYTES } },
  });
  const bytes = 4 * rows * (latents + d);
  const answer = await atMost(child.stdout as Readable, child, bytes);
  const exit = await child.done;
  if (exit.timedOut) return { failed: `it did not end within ${seconds} s` };
  const words = () => plain(lastWord(child.log?.lastLines(60) ?? []) ?? '').slice(0, 200);
  if (exit.code === LACKS) return { lacks: words() };
  if (answer.length > bytes) return { failed: `it answers more than the ${bytes} bytes of its codes` };
  if (exit.code !== 0)
    return { failed: `it ends with ${exit.signal ?? `exit code ${exit.code}`}`, said: words() };
  if (answer.length < bytes) return { failed: `it answers ${answer.length} bytes, ${bytes} expected` };
  // A copy: a view of floats has to begin at a multiple of 4.
  const floats = new Float32Array(new Uint8Array(answer).buffer);
  return { codes: floats.subarray(0, rows * latents), recon: floats.subarray(rows * latents) };
}

/** What a child writes; it is ended where that is more than `most` bytes. */
async function atMost(stream: Readable, child: Child, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length > most) return;
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) void child.stop('its answer is too long', 0);
  });
  const closed = new Promise<void>((ended) => stream.once('close', ended));
  // A process that left the group may hold the output open.
  await Promise.race([closed, child.done.then(() => new Promise((ended) => setTimeout(ended, 300)))]);
  stream.destroy();
  return Buffer.concat(chunks);
}

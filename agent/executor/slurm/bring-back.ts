import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import { RunRecord } from '#contract/run';
import { entriesBelow } from '#host/entries-below';
import { MAX_OUT_BYTES } from '../room.ts';
import { next, PIECE, send } from './frames.ts';

// What a trainer left, from a node to the supervisor's own disk.

const MOST_FILES = 10_000;

const Back = z.object({
  /** How the run ended on the node. */
  record: RunRecord,
  refusal: z.string().nullable(),
  files: z.array(z.object({ name: z.string(), size: z.number().int().nonnegative() })).max(MOST_FILES),
});
export type Back = z.infer<typeof Back>;

/** Sends how a run ended, and all files of its `out/`; links and the like are left out. */
export async function sendBack(
  socket: Duplex,
  out: string,
  ended: Pick<Back, 'record' | 'refusal'>,
): Promise<void> {
  const files: Back['files'] = [];
  for (const { name, stat } of entriesBelow(out)) {
    if (stat.isFile()) files.push({ name, size: stat.size });
    // Refused there.
    if (files.length > MOST_FILES) break;
  }
  await send(socket, Buffer.from(JSON.stringify({ ...ended, files })));
  for (const { name, size } of files) {
    if (size === 0) continue;
    const bytes = createReadStream(join(out, name), { end: size - 1, highWaterMark: PIECE });
    for await (const piece of bytes) await send(socket, piece as Buffer);
  }
  await send(socket, Buffer.alloc(0));
}

/**
 * Takes what `sendBack` sends, into an empty folder. Names and sizes are a trainer's: none leads out of the
 * folder, and all together are no more than a run may leave. @throws UserError
 */
export async function takeBack(frames: AsyncGenerator<Buffer, void>, out: string): Promise<Back> {
  const back = Back.safeParse(parsed(await next(frames))).data;
  if (!back) throw new UserError('the job sent no record of its run', 1);
  if (back.files.reduce((sum, { size }) => sum + size, 0) > MAX_OUT_BYTES)
    throw new UserError('the job sent more than a run may leave', 1);
  for (const { name, size } of back.files) {
    if (name.split(sep).some((part) => part === '' || part === '.' || part === '..'))
      throw new UserError('the job sent a file that would lie outside its folder', 1);
    const path = join(out, name);
    mkdirSync(dirname(path), { recursive: true });
    const fd = openSync(path, 'wx', 0o600);
    try {
      for (let left = size; left > 0; ) {
        const piece = await next(frames);
        if (piece.length === 0 || piece.length > left)
          throw new UserError('the job sent a file of another size', 1);
        for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
        left -= piece.length;
      }
    } finally {
      closeSync(fd);
    }
  }
  if ((await next(frames)).length !== 0) throw new UserError('the job sent more than it said', 1);
  return back;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

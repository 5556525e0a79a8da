import type { Duplex } from 'node:stream';
import { UserError } from '#contract/errors';

/** Frames of a connection: a length of four bytes and so many bytes. One of no bytes ends a part. */
const MOST_BYTES = 1 << 24;
/** The most that one frame is sent in. */
export const PIECE = 1 << 20;

const broken = (): UserError => new UserError('the connection to the other side broke', 1);

/** Sends a frame, and waits while the other side is slower. @throws UserError where it is gone. */
export async function send(socket: Duplex, bytes: Uint8Array): Promise<void> {
  if (bytes.length > MOST_BYTES) throw new RangeError('a frame is too large');
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  if (socket.destroyed || !socket.writable) throw broken();
  socket.write(head);
  if (socket.write(bytes)) return;
  await new Promise<void>((resolve, reject) => {
    const off = () => {
      socket.off('drain', drained);
      socket.off('close', closed);
    };
    const drained = () => {
      off();
      resolve();
    };
    const closed = () => {
      off();
      reject(broken());
    };
    socket.once('drain', drained);
    socket.once('close', closed);
  });
}

/** The frames that come; it ends with the connection. @throws UserError for what is no frame. */
export async function* framesOf(socket: Duplex): AsyncGenerator<Buffer, void> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    held = held.length === 0 ? (chunk as Buffer) : Buffer.concat([held, chunk as Buffer]);
    while (held.length >= 4) {
      const length = held.readUInt32BE(0);
      if (length > MOST_BYTES) throw new UserError('the other side sent what is no frame', 1);
      if (held.length < 4 + length) break;
      yield held.subarray(4, 4 + length);
      held = held.subarray(4 + length);
    }
  }
}

/** The next frame. @throws UserError where the connection ends instead. */
export async function next(frames: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  const { value, done } = await frames.next();
  if (done || !value) throw broken();
  return value;
}

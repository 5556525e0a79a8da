import type { Readable } from 'node:stream';

/** Reads exact numbers of bytes from a stream, and pauses the stream while too many bytes lie unread. */
export class ByteReader {
  private readonly chunks: Buffer[] = [];
  private have = 0;
  private ended = false;
  private wake: () => void = () => {};

  constructor(
    private readonly source: Readable,
    /** Bytes that may lie unread before the source is paused. */
    private readonly highWater = 1 << 24,
  ) {
    source.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.have += chunk.length;
      if (this.have > this.highWater) source.pause();
      this.wake();
    });
    for (const event of ['end', 'close', 'error'] as const) {
      source.on(event, () => {
        this.ended = true;
        this.wake();
      });
    }
  }

  /** The next n bytes, or null where the stream ends before them. */
  async read(n: number): Promise<Buffer | null> {
    while (this.have < n) {
      if (this.ended) return null;
      this.source.resume();
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const out = Buffer.allocUnsafeSlow(n);
    for (let at = 0; at < n; ) {
      const chunk = this.chunks[0];
      const taken = chunk.copy(out, at);
      at += taken;
      if (taken === chunk.length) this.chunks.shift();
      else this.chunks[0] = chunk.subarray(taken);
    }
    this.have -= n;
    return out;
  }
}

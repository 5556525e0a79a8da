import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The log of a child, at most about `maxBytes` long. The first half is written as it comes. Of what follows,
 * the last half is kept and written on close, after a line that says how many bytes are left out. A full disk
 * ends the log, not this process. With `after`, nothing is written before that resolves. What others write
 * into the same file meanwhile stays. With `goesOn`, so does what the file has already.
 */
export class CappedLog {
  private fd: number | null;
  private headLeft: number;
  private tail: Buffer[] = [];
  private tailBytes = 0;
  private dropped = 0;
  private recent = Buffer.alloc(0);
  /** What is written when `after` resolves. */
  private held: Buffer[] | null = null;
  private isClosed = false;

  constructor(
    readonly path: string,
    private readonly maxBytes: number,
    { after, goesOn = false }: { after?: Promise<unknown> | undefined; goesOn?: boolean | undefined } = {},
  ) {
    mkdirSync(dirname(path), { recursive: true });
    const { O_WRONLY, O_CREAT, O_APPEND, O_TRUNC } = constants;
    this.fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | (goesOn ? 0 : O_TRUNC), 0o666);
    this.headLeft = Math.floor(maxBytes / 2);
    if (!after) return;
    this.held = [];
    after.then(
      () => this.release(),
      () => {},
    );
  }

  write(chunk: Buffer): void {
    this.recent = Buffer.concat([this.recent, chunk]).subarray(-8192);
    const head = chunk.subarray(0, this.headLeft);
    this.headLeft -= head.length;
    if (head.length > 0) this.put(head);
    const rest = chunk.subarray(head.length);
    if (rest.length === 0) return;
    this.tail.push(rest);
    this.tailBytes += rest.length;
    for (let [out] = this.tail; out && this.tailBytes - out.length >= this.maxBytes / 2; [out] = this.tail) {
      this.tail.shift();
      this.tailBytes -= out.length;
      this.dropped += out.length;
    }
  }

  /** The last lines that were written and are not blank, oldest first. */
  lastLines(count: number): string[] {
    const lines = this.recent.toString('utf8').split(/[\r\n]+/);
    return lines.filter((line) => line.trim() !== '').slice(-count);
  }

  close(): void {
    if (this.fd === null || this.isClosed) return;
    this.isClosed = true;
    const tail = Buffer.concat(this.tail);
    const kept = tail.subarray(-Math.floor(this.maxBytes / 2));
    const missing = this.dropped + tail.length - kept.length;
    if (missing > 0) this.put(Buffer.from(`\n... ${missing} bytes of this log are left out ...\n`));
    this.put(kept);
    this.tail = [];
    if (this.held === null) this.end();
  }

  private release(): void {
    const bytes = Buffer.concat(this.held ?? []);
    this.held = null;
    this.put(bytes);
    if (this.isClosed) this.end();
  }

  private end(): void {
    const { fd } = this;
    this.fd = null;
    try {
      if (fd !== null) closeSync(fd);
    } catch {} // A shared file system says only now that it could not write.
  }

  private put(bytes: Buffer): void {
    if (this.fd === null) return;
    if (this.held) {
      this.held.push(Buffer.from(bytes));
      return;
    }
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done);
    } catch {
      this.end();
    }
  }
}

import { closeSync, readSync } from 'node:fs';
import { Progress } from '#contract/run';
import { openUntrusted } from '#host/untrusted';

/** The most that one read takes, in bytes: a flood of progress is skipped. */
const MAX_READ = 256 * 1024;

/**
 * Follows a trainer's `progress.jsonl`, which may hold anything: half a line (kept until the other half
 * comes), garbage (skipped), a flood (its middle is skipped), or less than before (read again from the
 * start). A link, a pipe or a missing file is not read.
 */
export class ProgressTail {
  private offset = 0;
  private half = '';

  constructor(private readonly path: string) {}

  /** The well-formed lines that were added since the last look. */
  read(): Progress[] {
    const file = openUntrusted(this.path);
    if (!file) return [];
    try {
      if (file.size < this.offset) this.skipTo(0);
      if (file.size - this.offset > MAX_READ) this.skipTo(file.size - MAX_READ);
      const bytes = Buffer.alloc(file.size - this.offset);
      const length = readSync(file.fd, bytes, 0, bytes.length, this.offset);
      this.offset += length;
      const lines = (this.half + bytes.toString('utf8', 0, length)).split('\n');
      this.half = (lines.pop() as string).slice(0, MAX_READ);
      return lines.map(parse).filter((progress) => progress !== null);
    } catch {
      // A shared file system may fail for a while.
      return [];
    } finally {
      closeSync(file.fd);
    }
  }

  private skipTo(offset: number): void {
    this.offset = offset;
    this.half = '';
  }
}

function parse(line: string): Progress | null {
  if (line.length > 16_384) return null;
  try {
    return Progress.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

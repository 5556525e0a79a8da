import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Release } from '../released.ts';

/** A fault in the answer to a request for a file's body. Each entry is used once; then requests succeed. */
export type Fault = { status: number } | { cutAfter: number } | { silent: true };

/** A hub on loopback that answers like huggingface.co: ranges, etags, 404s with their error code. */
export class Hub {
  readonly content = new Map<string, Buffer>([
    ['synthetic_model_config.json', Buffer.from('{"num_features": 3}')],
    ['synthetic_model.safetensors', randomBytes(300_000)],
    ['hierarchy.json', Buffer.from('{"roots": []}')],
  ]);
  readonly release: Release = {
    repo: 'someone/some-model',
    revision: 'b'.repeat(40),
    files: [...this.content].map(([name, bytes]) => ({ name, sha256: sha256(bytes) })),
  };
  /** Faults of the large file's body, and of every answer. */
  readonly bodyFaults: Fault[] = [];
  readonly faults: Fault[] = [];
  /** False makes the hub answer like a plain file server: no etags, no ranges. */
  etags = true;
  ranged = true;
  readonly requests: { path: string; range: string | undefined; authorization: string | undefined }[] = [];
  private readonly server = createServer((request, response) => this.answer(request, response));

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Ranges of the requests for a file, without the request for its size. */
  ranges(name: string): (string | undefined)[] {
    return this.requests
      .filter(({ path, range }) => path.endsWith(`/${name}`) && range !== 'bytes=0-0')
      .map(({ range }) => range);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { authorization } = request.headers;
    const range = this.ranged ? request.headers.range : undefined;
    const path = request.url ?? '';
    this.requests.push({ path, range: request.headers.range, authorization });
    const prefix = `/${this.release.repo}/resolve/${this.release.revision}/`;
    const name = path.slice(prefix.length);
    const bytes = path.startsWith(prefix) ? this.content.get(name) : undefined;
    const isBody = name.endsWith('.safetensors') && request.headers.range !== 'bytes=0-0';
    const fault = this.faults.shift() ?? (isBody ? this.bodyFaults.shift() : undefined);
    if (fault && 'silent' in fault) return;
    if (fault && 'status' in fault) {
      response.writeHead(fault.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: `you sent ${authorization}` }));
      return;
    }
    if (!bytes) {
      response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
      return;
    }
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    const from = first === undefined ? 0 : Number(first);
    const to = last === undefined ? bytes.length : Number(last) + 1;
    response.writeHead(range ? 206 : 200, {
      ...(this.etags && { etag: `"${sha256(bytes).slice(0, 40)}"` }),
      'content-length': to - from,
      ...(range && { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` }),
    });
    if (!fault) response.end(bytes.subarray(from, to));
    else response.write(bytes.subarray(from, from + fault.cutAfter), () => response.destroy());
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

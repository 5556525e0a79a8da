import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import { download } from './downloads.ts';
import { Batch, Create, Line, Preupload } from './push-requests.ts';

export interface Model {
  visibility: 'private' | 'public';
  files: Map<string, Buffer>;
  commits: string[];
}

interface Asked {
  of: 'hub' | 'store';
  method: string;
  path: string;
  authorization: string | undefined;
}

class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const oidOf = (commits: readonly string[]): string => sha256(Buffer.from(commits.join('\n'))).slice(0, 40);

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * A hub on loopback that takes models as huggingface.co does (create, preupload, LFS batch, a store at
 * another address, commit) and refuses whatever it does not expect.
 */
export class PushHub {
  static readonly TOKEN = 'hf_a-token-of-the-user';
  readonly models = new Map<string, Model>();
  readonly asked: Asked[] = [];
  /** Statuses that the next requests get instead of an answer; 0 breaks the connection. */
  faults: number[] = [];
  /** Whether the token may make models. */
  mayCreate = true;
  url = '';
  private readonly store = new Map<string, Buffer>();
  private readonly servers: Server[] = [];
  private storeUrl = '';

  async open(): Promise<string> {
    this.url = await this.listen('hub');
    this.storeUrl = await this.listen('store');
    return this.url;
  }

  async close(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  }

  private async listen(of: Asked['of']): Promise<string> {
    const server = createServer((request, response) => void this.serve(of, request, response));
    this.servers.push(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  private async serve(of: Asked['of'], request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const { pathname: path } = new URL(request.url ?? '', this.url);
    this.asked.push({ of, method, path, authorization: headers.authorization });
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const fault = this.faults.shift();
    if (fault === 0) return void request.socket.destroy();
    try {
      if (fault !== undefined) throw new Refused(fault, `for now, ${headers.authorization}`);
      const body = Buffer.concat(pieces);
      if (of === 'hub' && this.downloads(method, path, request, response)) return;
      const answer =
        of === 'store' ? this.keep(method, path, request, body) : this.answer(method, path, request, body);
      if (answer !== null) response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      else response.end();
    } catch (error) {
      const status = error instanceof Refused ? error.status : 400;
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: `${error}` }));
    }
  }

  private downloads(
    method: string,
    path: string,
    { headers }: IncomingMessage,
    response: ServerResponse,
  ): boolean {
    if (headers.authorization !== `Bearer ${PushHub.TOKEN}`) return false;
    return [...this.models].some(
      ([name, { files, commits }]) =>
        commits.length > 0 && download({ files, oid: oidOf(commits) }, name, { method, path }, response),
    );
  }

  /** The store knows nobody: the address that was given out is the permission. A token has no place here. */
  private keep(method: string, path: string, { headers }: IncomingMessage, body: Buffer): null {
    if (method !== 'PUT' || headers.authorization !== undefined) throw new Refused(400, 'not for the store');
    if (path.slice(1) !== sha256(body)) throw new Refused(400, 'other content');
    this.store.set(path.slice(1), body);
    return null;
  }

  private answer(method: string, path: string, { headers }: IncomingMessage, body: Buffer): object {
    const isUser = headers.authorization === `Bearer ${PushHub.TOKEN}`;
    if (!isUser) throw new Refused(401, `no such token: ${headers.authorization}`);
    const json = () => JSON.parse(body.toString());
    if (method === 'POST' && path === '/api/repos/create') return this.create(Create.parse(json()));
    const [, name = '', what = ''] =
      /^(?:\/api\/models)?\/([\w.-]+\/[\w-]+)(\.git\/info\/lfs\/objects\/batch|\/preupload\/main|\/commit\/main|\/revision\/HEAD|)$/.exec(
        path,
      ) ?? [];
    const model = this.models.get(name);
    if (!model) throw new Refused(404, 'Repository not found');
    if (method === 'GET') {
      if (what !== '' && what !== '/revision/HEAD') throw new Refused(405, what);
      return {
        _id: '1',
        id: name,
        private: model.visibility === 'private',
        downloads: 0,
        likes: 0,
        gated: false,
      };
    }
    if (method !== 'POST') throw new Refused(405, method);
    if (what === '/preupload/main') {
      const mode = (file: string) => (/\.safetensors$/.test(file) ? 'lfs' : 'regular');
      const { files } = Preupload.parse(json());
      return {
        files: files.map(({ path: file }) => ({ path: file, uploadMode: mode(file), shouldIgnore: false })),
      };
    }
    if (what === '/commit/main') return this.commit(name, model, body.toString().trim().split('\n'));
    if (!what.startsWith('.git')) throw new Refused(404, path);
    if (headers['content-type'] !== 'application/vnd.git-lfs+json') throw new Refused(415, 'LFS');
    const objects = Batch.parse(json()).objects.map(({ oid, size }) => {
      const upload = { href: `${this.storeUrl}/${oid}` };
      return { oid, size, ...(!this.store.has(oid) && { actions: { upload } }) };
    });
    return { transfer: 'basic', objects };
  }

  private create({ name, organization, visibility }: z.infer<typeof Create>): object {
    if (!this.mayCreate) throw new Refused(403, 'no right to create');
    const id = `${organization}/${name}`;
    if (this.models.has(id)) throw new Refused(409, 'You already created this model repo');
    this.models.set(id, { visibility, files: new Map(), commits: [] });
    return { url: `${this.url}/${id}`, id };
  }

  private commit(name: string, model: Model, lines: string[]): object {
    const [header, ...parts] = lines.map((line) => Line.parse(JSON.parse(line)));
    if (header?.key !== 'header' || parts.length === 0) throw new Refused(400, 'no commit');
    const files = parts.map((part): [string, Buffer] => {
      if (part.key === 'header') throw new Refused(400, 'two headers');
      if (part.key === 'file') return [part.value.path, Buffer.from(part.value.content, 'base64')];
      const { oid, size, path } = part.value;
      const bytes = this.store.get(oid);
      if (bytes?.length !== size) throw new Refused(400, `${path}: not in the store`);
      return [path, bytes];
    });
    for (const [path, bytes] of files) model.files.set(path, bytes);
    model.commits.push(header.value.summary);
    const commitOid = oidOf(model.commits);
    return { success: true, commitOid, commitUrl: `${this.url}/${name}/commit/${commitOid}`, hookOutput: '' };
  }
}

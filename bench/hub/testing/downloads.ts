import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** What a model consists of at its one commit. */
interface Pushed {
  files: ReadonlyMap<string, Buffer>;
  oid: string;
}

/** Answers a request for a pushed model as a hub does for a download; false where it is none. */
export function download(
  { files, oid }: Pushed,
  name: string,
  { method, path }: { method: string; path: string },
  response: ServerResponse,
): boolean {
  if (method === 'GET' && [`/api/models/${name}/revision/main`, `/api/models/${name}`].includes(path)) {
    const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
    const told = { _id: '1', id: name, sha: oid, private: true, tags: [], downloads: 0, likes: 0, siblings };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(told));
    return true;
  }
  if (method === 'GET' && path === `/api/models/${name}/tree/${oid}`) {
    const tree = [...files].map(([file, bytes]) => ({
      type: 'file',
      path: file,
      size: bytes.length,
      oid: file,
    }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(tree));
    return true;
  }
  const file = [oid, 'main'].map((at) => `/${name}/resolve/${at}/`).find((start) => path.startsWith(start));
  const bytes = file === undefined ? undefined : files.get(path.slice(file.length));
  if (bytes === undefined || !['HEAD', 'GET'].includes(method)) return false;
  response.writeHead(200, {
    'content-length': bytes.length,
    'content-type': 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('hex')}"`,
    'x-repo-commit': oid,
  });
  response.end(method === 'HEAD' ? undefined : bytes);
  return true;
}

import type { Hub } from './settings.ts';

/**
 * `fetch` for the hub's library, which expects more of a hub than a mirror has: within `contactMs` an answer
 * must begin, the credentials go to the hub's own address alone, and a plain file server (no etag, no ranges)
 * is made to look like a hub.
 */
export function hubFetch(hub: Hub, contactMs: number, sha256: string): typeof fetch {
  return async (input, init) => {
    const controller = new AbortController();
    const late = new Error(`no answer within ${contactMs / 1000} s`);
    const timer = setTimeout(() => controller.abort(late), contactMs);
    const headers = new Headers(init?.headers);
    const address = new URL(input instanceof Request ? input.url : input);
    // Where the files lie in the end is somebody else's.
    if (hub.authorization && address.origin === new URL(hub.url).origin)
      headers.set('authorization', hub.authorization);
    try {
      return plainServer(
        await hub.network.fetch(input, { ...init, headers, signal: controller.signal }),
        headers.get('range'),
        sha256,
      );
    } finally {
      // The body may take as long as it brings bytes.
      clearTimeout(timer);
    }
  };
}

/**
 * What such a server leaves out: a name for the content, which is its hash, and the part that was asked for.
 */
function plainServer(response: Response, range: string | null, sha256: string): Response {
  if (!response.ok) return response;
  const headers = new Headers(response.headers);
  const named = headers.has('etag') || headers.has('x-linked-etag');
  if (!named) headers.set('etag', `"${sha256}"`);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const size = Number(headers.get('content-length'));
  const whole = response.status === 200 && first !== undefined && headers.has('content-length');
  if (named && !whole) return response;
  if (!whole) return new Response(response.body, { status: response.status, headers });
  const to = last ? Math.min(size, Number(last) + 1) : size;
  headers.set('content-range', `bytes ${first}-${to - 1}/${size}`);
  headers.set('content-length', String(to - Number(first)));
  return new Response(response.body?.pipeThrough(part(Number(first), to)), { status: 206, headers });
}

/** The bytes from one to another, the last left out, of a stream; it ends there. */
function part(from: number, to: number): TransformStream<Uint8Array, Uint8Array> {
  let at = 0;
  return new TransformStream({
    transform(piece, controller) {
      const kept = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
      at += piece.length;
      if (kept.length > 0) controller.enqueue(kept);
      if (at >= to) controller.terminate();
    },
  });
}

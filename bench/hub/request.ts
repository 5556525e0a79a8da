import type { Hub } from './settings.ts';

/**
 * `fetch` for the hub's library, adapted to mirrors. An answer must begin within `contactMs`, the
 * credentials go only to the hub's own address, and a plain file server (no etag, no ranges) is made to
 * look like a hub.
 */
export function hubFetch(hub: Hub, contactMs: number, sha256: string): typeof fetch {
  return async (input, init) => {
    const controller = new AbortController();
    const late = new Error(`no answer within ${contactMs / 1000} s`);
    const timer = setTimeout(() => controller.abort(late), contactMs);
    const headers = new Headers(init?.headers);
    const address = new URL(input instanceof Request ? input.url : input);
    // The hub may redirect to a server of another owner, which must not get the credentials.
    if (hub.authorization && address.origin === new URL(hub.url).origin)
      headers.set('authorization', hub.authorization);
    try {
      return plainServer(
        await hub.network.fetch(input, { ...init, headers, signal: controller.signal }),
        headers.get('range'),
        sha256,
      );
    } finally {
      // The limit is for the start of an answer; the body may take as long as bytes arrive.
      clearTimeout(timer);
    }
  };
}

/** Adds what a plain file server leaves out: an etag, here the content's hash, and the requested range. */
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

/** Passes on the bytes `from` to `to` (exclusive) of a stream, then ends it. */
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

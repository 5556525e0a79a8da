import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { fetchWheel } from './fetch-wheel.ts';
import { addressOf, findWheel } from './package-index.ts';
import type { Wheel } from './wheels.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheels-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const content = Buffer.alloc(300_000).map((_, i) => (i * 31) % 251);
const wheel: Wheel = {
  name: 'tensorflow-cpu',
  version: '2.21.0',
  file: 'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves over real HTTP; returns its address. */
async function serve(handle: Handler): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An index in JSON whose file is sent by `send`. */
const indexWith = (send: Handler): Promise<string> =>
  serve((request, response) => {
    if (request.url !== `/simple/${wheel.name}/`) return send(request, response);
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
    response.end(JSON.stringify({ files: [{ filename: wheel.file, url: `../../files/${wheel.file}` }] }));
  });

/** Sends from the byte that is asked for, as package indexes do. */
const ranged: Handler = ({ headers }, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  response.statusCode = from > 0 ? 206 : 200;
  response.end(content.subarray(from));
};

let count = 0;
const source = (origin: string, ...more: string[]) => {
  count += 1;
  const cache = join(folder, `cache-${count}`);
  const told: string[] = [];
  return {
    folders: [cache, ...more],
    index: addressOf(`${origin}/simple/`),
    fetch,
    told: (how: string) => void told.push(how),
    cache,
  };
};

describe('the package index', () => {
  const found = async (type: string, text: string, path = '/simple/') => {
    const origin = await serve((_, response) => response.setHeader('content-type', type).end(text));
    return (await findWheel(wheel, addressOf(origin + path), fetch)).url.replace(origin, '');
  };

  it('is read as JSON and as HTML, with relative addresses, escapes and hashes', async () => {
    const page = (href: string) =>
      `<html><a href="other.whl">other</a><A data-x="1" href=${href}>it</a></html>`;
    expect(
      await found(
        'application/vnd.pypi.simple.v1+json',
        JSON.stringify({ files: [{ url: `/p/${wheel.file}` }] }),
      ),
    ).toBe(`/p/${wheel.file}`);
    expect(await found('text/html; charset=utf-8', page(`"../../p/${wheel.file}#sha256=0"`))).toBe(
      `/p/${wheel.file}`,
    );
    expect(await found('text/html', page(`'/p/${wheel.file}?a=1&amp;b=2'`))).toBe(`/p/${wheel.file}?a=1&b=2`);
  });

  it('that lacks the file, answers an error or is not there is one line', async () => {
    await expect(found('text/html', '<a href="x.whl">x</a>')).rejects.toThrow(
      /^the package index \S+ does not have tensorflow_cpu-\S+$/,
    );
    const refuses = await serve((_, response) => response.writeHead(403).end());
    await expect(findWheel(wheel, addressOf(refuses), fetch)).rejects.toThrow(
      /answers 403 for tensorflow-cpu$/,
    );
    await expect(findWheel(wheel, addressOf('http://127.0.0.1:9'), fetch)).rejects.toThrow(
      /cannot be reached: [^\n]+$/,
    );
    expect(() => addressOf('ftp://index')).toThrow(/^the package index is no http or https address/);
  });

  it('gets its name and password, which no message has and no other host gets', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end(content);
    });
    const origin = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.setHeader('content-type', 'text/html').end(`<a href="${other}/${wheel.file}">it</a>`);
    });
    const index = addressOf(origin.replace('//', '//me:pass%40word@'));
    expect(index.shown).toBe(`${origin}/`);
    await fetchWheel(wheel, { ...source(origin), index });
    expect(seen).toEqual([`Basic ${Buffer.from('me:pass@word').toString('base64')}`, undefined]);
  });
});

describe('a wheel', () => {
  it('is downloaded once, then found in the cache', async () => {
    let asked = 0;
    const origin = await indexWith((request, response) => {
      asked += 1;
      ranged(request, response);
    });
    const from = source(origin);
    const path = await fetchWheel(wheel, from);
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(await fetchWheel(wheel, from)).toBe(path);
    expect(asked).toBe(1);
  });

  it.each([
    ['continues', ranged, 'bytes=100000-'],
    [
      'begins again where the server knows no ranges',
      ((_, response) => response.end(content)) as Handler,
      'bytes=100000-',
    ],
  ])('whose download was cut off %s', async (_, then, range) => {
    const ranges: (string | undefined)[] = [];
    const origin = await indexWith((request, response) => {
      ranges.push(request.headers.range);
      if (ranges.length > 1) return then(request, response);
      response.setHeader('content-length', content.length);
      response.write(content.subarray(0, 100_000));
      // A connection that is reset drops what its reader has not taken yet.
      void vi
        .waitFor(() => expect(statSync(part).size).toBe(100_000), 60_000)
        .finally(() => response.destroy());
    });
    const from = source(origin);
    const part = join(String(from.folders[0]), `${wheel.file}.part`);
    await expect(fetchWheel(wheel, from)).rejects.toThrow(
      /^tensorflow_cpu\S+ was not downloaded from 127.0.0.1:\d+: .*Start it again, or put \S+ into \S+, or name its folder with --wheels$/,
    );
    expect(readFileSync(await fetchWheel(wheel, from)).equals(content)).toBe(true);
    expect(ranges).toEqual([undefined, range]);
  });

  it('of another content is refused and not kept', async () => {
    const wrong = Buffer.from(content);
    wrong[7] ^= 1;
    const from = source(await indexWith((_, response) => response.end(wrong)));
    await expect(fetchWheel(wheel, from)).rejects.toThrow(
      /is not the published file: its SHA-256 is not [0-9a-f]{64}$/,
    );
    const more = source(await indexWith((_, response) => response.end(Buffer.concat([content, content]))));
    await expect(fetchWheel(wheel, more)).rejects.toThrow(/it sends more than the published file/);
    for (const { cache } of [from, more]) expect(existsSync(join(cache, wheel.file))).toBe(false);
  });

  it("is taken from the user's folder, and a wrong file there is named and left", async () => {
    const own = join(folder, 'own');
    mkdirSync(own);
    const path = join(own, wheel.file);
    writeFileSync(path, content);
    const offline = source('http://127.0.0.1:9', own);
    expect(await fetchWheel(wheel, offline)).toBe(path);
    writeFileSync(path, content.subarray(1));
    await expect(fetchWheel(wheel, offline)).rejects.toThrow(`${path} is not the published file`);
    expect(existsSync(path)).toBe(true);
  });
});

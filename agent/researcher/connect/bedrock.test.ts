import { mkdtempSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { local, type Seen } from '#host/network/testing/server';
import { reachBedrock } from './bedrock.ts';
import { reach } from './connect.ts';
import { ask, EVENTS, TEXT } from './fixtures/message.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret/+=' };
const OTHERS = {
  ANTHROPIC_API_KEY: 'not-for-amazon',
  ANTHROPIC_AUTH_TOKEN: 'nor-this',
  ANTHROPIC_CUSTOM_HEADERS: 'x-api-key: third\nAuthorization: Bearer fourth',
};

afterEach(() => vi.unstubAllEnvs());

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString(),
  (text) => new Uint8Array(Buffer.from(text)),
);

/** Sends the message in AWS event-stream frames, in pieces that do not end at frame boundaries. */
async function answerFrames(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  const frames = EVENTS.map((event) => {
    const bytes = Buffer.from(JSON.stringify(event)).toString('base64');
    return codec.encode({
      headers: {
        ':message-type': { type: 'string', value: 'event' },
        ':event-type': { type: 'string', value: 'chunk' },
        ':content-type': { type: 'string', value: 'application/json' },
      },
      body: new Uint8Array(Buffer.from(JSON.stringify({ bytes }))),
    });
  });
  const all = Buffer.concat(frames);
  for (let at = 0; at < all.length; at += 41) {
    response.write(all.subarray(at, at + 41));
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}

/**
 * One streamed call, as the server received it. The environment is set in the process too, because the
 * packages read that.
 */
async function asked(env: Record<string, string>, path = ''): Promise<Seen> {
  await using server = await local(answerFrames);
  const base = `${server.url}${path}`;
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const reached = await reach({ via: 'bedrock', env: { ...env, ANTHROPIC_BEDROCK_BASE_URL: base } });
  expect(await ask(await reached.client(), reached.modelId('claude-opus-5-5'))).toBe(TEXT);
  expect(server.seen).toHaveLength(1);
  return server.seen[0];
}

describe('a streamed call', () => {
  it('is signed with access keys, and the message arrives whole', async () => {
    // The environment of the process is ignored where another one is given.
    vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', 'fifth');
    const { url, body, headers } = await asked({
      ...OTHERS,
      ...KEYS,
      AWS_SESSION_TOKEN: 'session',
      AWS_REGION: 'eu-west-1',
    });
    expect(url).toBe('/model/global.anthropic.claude-opus-5-5/invoke-with-response-stream');
    expect(body).toMatchObject({
      anthropic_version: expect.any(String),
      anthropic_beta: ['context-management-2025-06-27', 'compact-2026-01-12'],
      max_tokens: 64,
    });
    expect(body).not.toHaveProperty('model');
    expect(body).not.toHaveProperty('stream');
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/bedrock\/aws4_request, SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]*x-amz-date[a-z0-9;-]*, Signature=[0-9a-f]{64}$/,
    );
    expect(headers['x-amz-security-token']).toBe('session');
    expect(headers).not.toHaveProperty('x-api-key');
    expect(JSON.stringify(headers)).not.toMatch(/not-for-amazon|nor-this|third|fourth|fifth/);
  });

  it('goes with a Bedrock key as Bearer, which wins over access keys', async () => {
    const env = { ...OTHERS, ...KEYS, AWS_BEARER_TOKEN_BEDROCK: ' bedrock-key ', AWS_REGION: 'us-east-1' };
    const { url, headers } = await asked(env, '/gate/way/');
    expect(url).toBe('/gate/way/model/global.anthropic.claude-opus-5-5/invoke-with-response-stream');
    expect(headers.authorization).toBe('Bearer bedrock-key');
    expect(headers).not.toHaveProperty('x-api-key');
    expect(headers).not.toHaveProperty('x-amz-date');
  });

  it('goes to the region of the environment where nothing else is said', async () => {
    let seen = '';
    const reached = await reach({
      via: null,
      env: { ...KEYS, AWS_REGION: 'eu-west-3', CLAUDE_CODE_USE_BEDROCK: '1' },
    });
    const client = await reached.client(() => async (url) => {
      seen = String(url);
      return new Response('{"message":"no"}', { status: 403 });
    });
    await expect(ask(client, 'eu.anthropic.claude-opus-5-5')).rejects.toThrow(/403/);
    expect(seen).toBe(
      'https://bedrock-runtime.eu-west-3.amazonaws.com/model/eu.anthropic.claude-opus-5-5/invoke-with-response-stream',
    );
  });
});

describe('is refused at once', () => {
  it('without a region', async () => {
    await expect(reachBedrock({ ...KEYS })).rejects.toThrow(/^AWS_REGION is not set; .*us-east-1/);
    expect((await reachBedrock({ ...KEYS, AWS_DEFAULT_REGION: 'eu-west-1' })).region).toBe('eu-west-1');
  });

  it('with half a pair of keys', async () => {
    const env = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKID' };
    await expect(reachBedrock(env)).rejects.toThrow(/AWS_SECRET_ACCESS_KEY must be set together/);
  });

  it('without credentials anywhere', async () => {
    const nothing = mkdtempSync(join(tmpdir(), 'aws-'));
    for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE'])
      vi.stubEnv(name, join(nothing, name));
    for (const name of Object.keys(KEYS)) vi.stubEnv(name, undefined);
    for (const name of [
      'AWS_PROFILE',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    ])
      vi.stubEnv(name, undefined);
    // Keeps the package from asking a metadata server.
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    await expect(reachBedrock({ AWS_REGION: 'eu-west-1' })).rejects.toThrow(
      /^no AWS credentials \(.+\); set AWS_BEARER/,
    );
  });
});

it('tells where and with what, and no secret', async () => {
  const cloud = await reachBedrock({ ...KEYS, ...OTHERS, AWS_REGION: 'eu-west-1' });
  expect(cloud.where).toBe('Amazon Bedrock in eu-west-1, keys of AWS_ACCESS_KEY_ID');
  expect(cloud.notes).toHaveLength(2);
  expect(cloud.authHint).toMatch(/eu-west-1 was called with keys of AWS_ACCESS_KEY_ID/);
  expect(JSON.stringify(cloud)).not.toMatch(/secret\/|AKID/);
  const key = await reachBedrock({ AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_REGION: 'eu-west-1' });
  expect(key.where).toBe('Amazon Bedrock in eu-west-1, key of AWS_BEARER_TOKEN_BEDROCK');
});

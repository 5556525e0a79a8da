import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { local } from '#host/network/testing/server';
import { broughtBy } from './clouds.ts';
import { reach } from './connect.ts';
import { answerSse, ask, TEXT } from './fixtures/message.ts';
import { type GoogleClient, reachGoogle } from './google.ts';

const PLACE = { CLOUD_ML_REGION: 'us-east5', ANTHROPIC_VERTEX_PROJECT_ID: 'my-project' };
const OTHERS = {
  ANTHROPIC_API_KEY: 'not-for-google',
  ANTHROPIC_AUTH_TOKEN: 'nor-this',
  ANTHROPIC_CUSTOM_HEADERS: 'x-api-key: third\nAuthorization: Bearer fourth',
};

afterEach(() => vi.unstubAllEnvs());

/** Google's own client with a token that is still valid, so that it makes no request. */
function credentials(): GoogleClient {
  const { OAuth2Client } = broughtBy('@anthropic-ai/vertex-sdk', 'google-auth-library') as {
    OAuth2Client: new () => GoogleClient;
  };
  const client = new OAuth2Client();
  client.setCredentials({ access_token: 'ya29.good', expiry_date: Date.now() + 3_600_000 });
  return client;
}

describe('a streamed call', () => {
  it('goes to the model of project and region, with a token of Google alone', async () => {
    await using server = await local(answerSse);
    const env = { ...OTHERS, ...PLACE, ANTHROPIC_VERTEX_BASE_URL: `${server.url}/v1/` };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const reached = await reach({ via: 'google', env, googleClient: credentials() });
    expect(await ask(await reached.client(), reached.modelId('claude-opus-5-5'))).toBe(TEXT);
    expect(server.seen).toHaveLength(1);
    const [{ url, body, headers }] = server.seen;
    expect(url).toBe(
      '/v1/projects/my-project/locations/us-east5/publishers/anthropic/models/claude-opus-5-5:streamRawPredict',
    );
    expect(body).toMatchObject({ anthropic_version: expect.any(String), stream: true, max_tokens: 64 });
    expect(body).not.toHaveProperty('model');
    expect(headers['anthropic-beta']).toMatch(/context-management-2025-06-27, ?compact-2026-01-12/);
    expect(headers.authorization).toBe('Bearer ya29.good');
    expect(JSON.stringify(headers)).not.toMatch(/not-for-google|nor-this|third|fourth/);
  });

  it.each([
    ['global', 'https://aiplatform.googleapis.com/v1/'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com/v1/'],
    ['us-east5', 'https://us-east5-aiplatform.googleapis.com/v1/'],
  ])('in %s goes to %s', async (region, start) => {
    let seen = '';
    const env = { ...PLACE, CLOUD_ML_REGION: region, CLAUDE_CODE_USE_VERTEX: '1' };
    const reached = await reach({ via: null, env, googleClient: credentials() });
    const client = await reached.client(() => async (url) => {
      seen = String(url);
      return new Response('{"error":{"message":"no"}}', { status: 403 });
    });
    await expect(ask(client)).rejects.toThrow(/403/);
    expect(seen.startsWith(`${start}projects/my-project/locations/${region}/`)).toBe(true);
  });
});

describe('is refused at once', () => {
  it('without a region or a project', async () => {
    await expect(reachGoogle({ ...PLACE, CLOUD_ML_REGION: '' })).rejects.toThrow(
      /^CLOUD_ML_REGION is not set/,
    );
    await expect(reachGoogle({ ...PLACE, ANTHROPIC_VERTEX_PROJECT_ID: ' ' })).rejects.toThrow(
      /^ANTHROPIC_VERTEX_PROJECT_ID is not set/,
    );
  });

  it('without credentials anywhere, and with a file of credentials that is not there', async () => {
    const nothing = mkdtempSync(join(tmpdir(), 'google-'));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
    for (const name of ['HOME', 'APPDATA', 'CLOUDSDK_CONFIG']) vi.stubEnv(name, nothing);
    // Keeps the package from asking a metadata server.
    vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
    await expect(reachGoogle(PLACE)).rejects.toThrow(/^no Google Cloud credentials \(.+\); run "gcloud auth/);
    const file = join(nothing, 'key.json');
    await expect(reachGoogle({ ...PLACE, GOOGLE_APPLICATION_CREDENTIALS: file })).rejects.toThrow(
      `GOOGLE_APPLICATION_CREDENTIALS: the file ${file} cannot be read`,
    );
  });
});

it('tells where and for which project', async () => {
  const cloud = await reachGoogle({ ...PLACE, ...OTHERS }, credentials());
  expect(cloud.where).toBe('Google Cloud in us-east5, project my-project');
  expect(cloud.notes).toHaveLength(2);
  expect(cloud.authHint).toMatch(/project my-project with Google's default credentials/);
});

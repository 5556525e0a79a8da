import { accessSync, constants } from 'node:fs';
import type { ClientOptions } from '@anthropic-ai/vertex-sdk';
import { UserError } from '#contract/errors';
import { cloudBaseURL, plainHttpNotes, shownURL } from './base-url.ts';
import { QUIET } from './client.ts';
import { broughtBy, type Cloud, loaded, regionOf, required } from './clouds.ts';
import { customHeaderNotes, onlyAuth } from './credentials.ts';

const PACKAGE = '@anthropic-ai/vertex-sdk';
const BASE_URL = 'ANTHROPIC_VERTEX_BASE_URL';
const CREDENTIALS = 'GOOGLE_APPLICATION_CREDENTIALS';

export type GoogleClient = NonNullable<ClientOptions['authClient']>;

/**
 * Reaches Google Cloud through the SDK's own package, with CLOUD_ML_REGION, ANTHROPIC_VERTEX_PROJECT_ID and
 * Google's default credentials. Tests pass an `authClient`; otherwise the credentials are resolved here,
 * once.
 * @throws UserError where the package, the region, the project or credentials are missing.
 */
export async function reachGoogle(env: NodeJS.ProcessEnv, authClient?: GoogleClient): Promise<Cloud> {
  const { AnthropicVertex } = await loaded(PACKAGE, () => import('@anthropic-ai/vertex-sdk'));
  const region = regionOf(
    env,
    'CLOUD_ML_REGION',
    'the region of your Claude models, such as global or us-east5',
  );
  const projectId = required(env, 'ANTHROPIC_VERTEX_PROJECT_ID', 'the id of your Google Cloud project');
  const override = cloudBaseURL(env, BASE_URL);
  const found = authClient ?? (await googleClient(env));
  return {
    where: `Google Cloud in ${region}${override ? ` by ${shownURL(override)}` : ''}, project ${projectId}`,
    notes: [...(override ? plainHttpNotes(override, BASE_URL) : []), ...customHeaderNotes(env)],
    region,
    authHint: `Google Cloud in ${region} was called for project ${projectId} with ${source(env)}; check that they are not expired and have the role "Agent Platform User" in this project`,
    client: (fetch) =>
      new AnthropicVertex({
        ...QUIET,
        // With undefined the package makes the address of the region. The base URL variable is then not set.
        baseURL: override ?? undefined,
        region,
        projectId,
        fetch,
        authClient: found,
        // A header of ANTHROPIC_CUSTOM_HEADERS would override the credentials of Google.
        defaultHeaders: onlyAuth(null),
      }),
  };
}

function source(env: NodeJS.ProcessEnv): string {
  return env[CREDENTIALS]?.trim() ? `the credentials of ${CREDENTIALS}` : "Google's default credentials";
}

/**
 * Resolves Google's default credentials. The package would do so without awaiting it, and a failure would end
 * the process.
 */
async function googleClient(env: NodeJS.ProcessEnv): Promise<GoogleClient> {
  const file = env[CREDENTIALS]?.trim();
  if (file) {
    try {
      accessSync(file, constants.R_OK);
    } catch {
      throw new UserError(`${CREDENTIALS}: the file ${file} cannot be read`);
    }
  }
  const { GoogleAuth } = broughtBy(PACKAGE, 'google-auth-library') as {
    GoogleAuth: new (options: { scopes: string }) => { getClient(): Promise<GoogleClient> };
  };
  try {
    return await new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' }).getClient();
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(
      `no Google Cloud credentials (${why}); run "gcloud auth application-default login", or set ${CREDENTIALS} to the file of a service account`,
    );
  }
}

import Anthropic from '@anthropic-ai/sdk';
import { networkOf } from '#host/network/network';
import { baseURLOf, plainHttpNotes, shownURL } from './base-url.ts';
import { reachBedrock } from './bedrock.ts';
import { checkCertificates } from './certificates.ts';
import { type Fetch, type MessagesClient, QUIET, type Via } from './client.ts';
import { type Cloud, chosenVia, LACKS } from './clouds.ts';
import { authOptions, type Credential, credentialOf } from './credentials.ts';
import type { Feature } from './features.ts';
import { type GoogleClient, reachGoogle } from './google.ts';
import { isRegional, modelFor } from './models.ts';
import { authHint } from './words.ts';

/** A provider of the Messages API whose settings and credentials were checked. */
export interface Reached {
  via: Via;
  /** Shown to the user: "api.anthropic.com, key of ANTHROPIC_API_KEY". Holds no secret. */
  where: string;
  /** Shown once at the start. */
  notes: string[];
  /** Features that this provider does not support. */
  lacks: readonly Feature[];
  /** Shown with a 401 or 403: what was sent, and what may be wanted instead. */
  authHint: string;
  /** The model id to send for a name of TASK.md or --model. */
  modelId(name: string): string;
  /** Whether that name is asked at a regional endpoint of a cloud, which costs more. */
  regional(name: string): boolean;
  /** A client whose every request goes through `wrap(fetch)`; the SDK's own retries are off. */
  client(wrap?: (fetch: Fetch) => Fetch): Promise<MessagesClient>;
}

export interface ReachOptions {
  /** Null: as the environment says. */
  via: Via | null;
  env?: NodeJS.ProcessEnv;
  /** Credentials of Google Cloud in place of those of the machine; for tests. */
  googleClient?: GoogleClient;
}

/**
 * Chooses the provider of the Messages API and checks its settings and credentials.
 * @throws UserError for whatever is missing or wrong in the environment.
 */
export async function reach({ via: asked, env = process.env, googleClient }: ReachOptions): Promise<Reached> {
  const via = chosenVia(asked, env);
  checkCertificates(env);
  const network = networkOf(env);
  const cloud =
    via === 'api'
      ? direct(env)
      : via === 'bedrock'
        ? await reachBedrock(env)
        : await reachGoogle(env, googleClient);
  return {
    via,
    where: cloud.where,
    notes: [...cloud.notes, ...network.notes],
    lacks: LACKS[via],
    authHint: cloud.authHint,
    modelId: (name) => modelFor(via, name),
    regional: (name) => isRegional(modelFor(via, name), via, cloud.region),
    client: async (wrap = (fetch) => fetch) => cloud.client(wrap(network.fetch)),
  };
}

/** A fixed address and key, for the offline replay and tests. Proxy settings are ignored. */
export function reachedAt(baseURL: string, apiKey: string): Reached {
  const credential: Credential = { variable: 'ANTHROPIC_API_KEY', secret: apiKey };
  const network = networkOf({});
  return {
    via: 'api',
    where: shownURL(baseURL),
    notes: [],
    lacks: LACKS.api,
    authHint: authHint(credential),
    modelId: (name) => name,
    regional: () => false,
    client: async (wrap = (fetch) => fetch) => messagesClient(baseURL, credential, wrap(network.fetch)),
  };
}

/** Anthropic's own API, or a gateway that speaks it. */
function direct(env: NodeJS.ProcessEnv): Cloud {
  const { credential, notes } = credentialOf(env);
  const baseURL = baseURLOf(env);
  const kind = credential.variable === 'ANTHROPIC_API_KEY' ? 'key' : 'token';
  return {
    where: `${shownURL(baseURL)}, ${kind} of ${credential.variable}`,
    notes: [...notes, ...plainHttpNotes(baseURL, 'ANTHROPIC_BASE_URL')],
    region: 'global',
    authHint: authHint(credential),
    client: (fetch) => messagesClient(baseURL, credential, fetch),
  };
}

function messagesClient(baseURL: string, credential: Credential, fetch: Fetch): MessagesClient {
  return new Anthropic({ ...QUIET, ...authOptions(credential), baseURL, fetch });
}

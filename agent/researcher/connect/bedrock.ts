import type { ClientOptions } from '@anthropic-ai/bedrock-sdk';
import { UserError } from '#contract/errors';
import { cloudBaseURL, plainHttpNotes, shownURL } from './base-url.ts';
import { QUIET } from './client.ts';
import { broughtBy, type Cloud, loaded, regionOf } from './clouds.ts';
import { customHeaderNotes, onlyAuth, secretOf } from './credentials.ts';

const PACKAGE = '@anthropic-ai/bedrock-sdk';
const BASE_URL = 'ANTHROPIC_BEDROCK_BASE_URL';

type Provider = Awaited<ReturnType<NonNullable<ClientOptions['providerChainResolver']>>>;

interface Signing {
  /** Shown to the user. */
  how: string;
  options: Pick<ClientOptions, 'apiKey' | 'defaultHeaders' | 'providerChainResolver'>;
}

/**
 * Reaches Amazon Bedrock through the SDK's own package, with AWS_REGION and a Bedrock API key, access keys or
 * the AWS credential chain.
 * @throws UserError where the package, the region or credentials are missing, so that a loop fails at its
 * start.
 */
export async function reachBedrock(env: NodeJS.ProcessEnv): Promise<Cloud> {
  const { AnthropicBedrock } = await loaded(PACKAGE, () => import('@anthropic-ai/bedrock-sdk'));
  // The package reads AWS_REGION only, and takes us-east-1 where it is not set. The user's models may not be
  // there, so a region is required here.
  const variable = env.AWS_REGION?.trim() ? 'AWS_REGION' : 'AWS_DEFAULT_REGION';
  const what = 'the AWS region of your Bedrock models, such as us-east-1';
  if (!env[variable]?.trim()) throw new UserError(`AWS_REGION is not set; set it to ${what}`);
  const region = regionOf(env, variable, what);
  const override = cloudBaseURL(env, BASE_URL);
  const baseURL = override ?? `https://bedrock-runtime.${region}.amazonaws.com`;
  const { how, options } = await signing(env);
  return {
    where: `Amazon Bedrock in ${region}${override ? ` by ${shownURL(override)}` : ''}, ${how}`,
    notes: [...plainHttpNotes(baseURL, BASE_URL), ...customHeaderNotes(env)],
    region,
    authHint: `Amazon Bedrock in ${region} was called with ${how}; check that it belongs to the right account, is not expired, and has access to the model in this region`,
    client: (fetch) => new AnthropicBedrock({ ...QUIET, baseURL, awsRegion: region, fetch, ...options }),
  };
}

/**
 * Chooses credentials in the package's own order. The first that is present is used, and no other header with
 * a credential is sent.
 */
async function signing(env: NodeJS.ProcessEnv): Promise<Signing> {
  const bearer = secretOf(env, 'AWS_BEARER_TOKEN_BEDROCK');
  if (bearer) {
    const defaultHeaders = onlyAuth('authorization', `Bearer ${bearer}`);
    return { how: 'key of AWS_BEARER_TOKEN_BEDROCK', options: { apiKey: bearer, defaultHeaders } };
  }
  // Null, because with undefined the package would read the environment.
  const signed = { apiKey: null, defaultHeaders: onlyAuth(null) };
  const accessKey = secretOf(env, 'AWS_ACCESS_KEY_ID');
  const secretKey = secretOf(env, 'AWS_SECRET_ACCESS_KEY');
  if (accessKey && secretKey) {
    const sessionToken = secretOf(env, 'AWS_SESSION_TOKEN') ?? undefined;
    const keys = { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken };
    return {
      how: 'keys of AWS_ACCESS_KEY_ID',
      options: { ...signed, providerChainResolver: async () => async () => keys },
    };
  }
  if (accessKey || secretKey)
    throw new UserError(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together; set both or neither',
    );
  const provider = await chain();
  return {
    how: 'credentials of the AWS profile or machine',
    options: { ...signed, providerChainResolver: async () => provider },
  };
}

/**
 * The AWS credential chain (profile, single sign-on, container, machine), resolved once here so that missing
 * credentials are reported at the start.
 */
async function chain(): Promise<Provider> {
  const { fromNodeProviderChain } = broughtBy(PACKAGE, '@aws-sdk/credential-providers') as {
    fromNodeProviderChain(): Provider;
  };
  // It caches the credentials until they expire, and then looks again.
  const provider = fromNodeProviderChain();
  try {
    await provider();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `no AWS credentials (${why}); set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE`,
    );
  }
  return provider;
}

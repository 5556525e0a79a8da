import { createRequire } from 'node:module';
import { UserError } from '#contract/errors';
import type { Fetch, MessagesClient, Via } from './client.ts';
import type { Feature } from './features.ts';

/** A provider whose settings and credentials were checked. */
export interface Cloud {
  /** Shown to the user. */
  where: string;
  notes: string[];
  /** Where the models run, as the cloud names it: prices depend on it. */
  region: string;
  /** What to look at when credentials are refused. */
  authHint: string;
  client(fetch: Fetch): MessagesClient;
}

/**
 * Features that each provider does not support.
 *
 * Web: "Web search is not available on Amazon Bedrock" [Web search tool]; Google has the basic search alone
 * and no fetch, so it counts as none. Automatic caching: the Bedrock integration that AnthropicBedrock speaks
 * answers 400 to a top-level cache_control [Prompt caching]; for Google older and newer pages differ, and
 * explicit marks do the same. System messages in mid-conversation: documented for Google and for the other
 * endpoint of Bedrock, not for this one [Mid-conversation system messages and tool changes]; tool changes are
 * a beta, under other headers than on the API. Preserved thinking, context editing, compaction and the hour
 * of the cache are there on both [Prefix checks; Bedrock user guide, Compaction; Prompt caching].
 */
export const LACKS: Record<Via, readonly Feature[]> = {
  api: [],
  bedrock: ['web', 'system', 'toolChanges', 'autoCache'],
  google: ['web', 'toolChanges', 'autoCache'],
};

/** The switches of Claude Code, so that an environment made for it works here. */
const SWITCHES = { bedrock: 'CLAUDE_CODE_USE_BEDROCK', google: 'CLAUDE_CODE_USE_VERTEX' } as const;

/**
 * The provider that was asked for, or the one that the environment selects.
 * @throws UserError where the environment selects two clouds, unless `two` allows any of them.
 */
export function chosenVia(via: Via | null, env: NodeJS.ProcessEnv = process.env, two?: 'any'): Via {
  if (via) return via;
  const chosen = (['bedrock', 'google'] as const).filter((cloud) => isOn(env[SWITCHES[cloud]]));
  if (chosen.length > 1 && !two) {
    throw new UserError(
      `${SWITCHES.bedrock} and ${SWITCHES.google} are both on; unset one of them, or choose one with --via`,
    );
  }
  return chosen[0] ?? 'api';
}

function isOn(value: string | undefined): boolean {
  return /^(1|true|yes|on)$/i.test(value?.trim() ?? '');
}

/**
 * Loads the package of a cloud, which users of other providers need not install.
 * @throws UserError with the command that installs it.
 */
export async function loaded<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    throw new UserError(`the package ${name} is not installed; run: npm install ${name}`);
  }
}

function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : null;
  const notFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  // An installed package that lacks one of its own dependencies is another error.
  return notFound && error.message.includes(`'${name}'`);
}

/** Loads a dependency of a cloud's package, wherever the package manager has put it. */
export function broughtBy(cloudPackage: string, name: string): unknown {
  const here = createRequire(import.meta.url);
  return createRequire(here.resolve(cloudPackage))(name);
}

/**
 * A required environment variable.
 * @throws UserError naming the variable.
 */
export function required(env: NodeJS.ProcessEnv, variable: string, what: string): string {
  const value = env[variable]?.trim();
  if (!value) throw new UserError(`${variable} is not set; set it to ${what}`);
  return value;
}

/** A region goes into a host name, so it must look like one. @throws UserError naming the variable. */
export function regionOf(env: NodeJS.ProcessEnv, variable: string, what: string): string {
  const region = required(env, variable, what);
  if (!/^[a-z0-9-]+$/.test(region)) throw new UserError(`${variable} is not a region; set it to ${what}`);
  return region;
}

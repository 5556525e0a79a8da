import type { Via } from './client.ts';

/**
 * The name in the price table for a model id of any provider: "global.anthropic.claude-opus-5-5",
 * "anthropic.claude-haiku-5-5-20260901-v1:0", an ARN that ends in one of these, "claude-opus-5-5@20260801".
 * An ARN that names no model stays as it is, and so has no price.
 */
export function plainModel(id: string): string {
  const named = withoutArn(id);
  // The version is Bedrock's: a plain name never ends in -v1.
  const bedrock = /^(?:[a-z-]+\.)?anthropic\.(.+?)(?:-v\d+(?::\w+)*)?$/.exec(named);
  return (bedrock?.[1] ?? named).replace(/@.*$/, '').replace(/-\d{8}$/, '');
}

/**
 * The id to send for a name. A plain name becomes the cloud's id for the endpoint without surcharge; any
 * other id is left as it is.
 */
export function modelFor(via: Via, name: string): string {
  if (via === 'api') return name;
  const plain = /^(claude-[a-z0-9-]+?)(?:-(\d{8}))?$/.exec(name);
  if (!plain) return name;
  const [, model = name, date] = plain;
  // The two clouds write a date differently.
  if (via === 'google') return date ? `${model}@${date}` : model;
  return `global.anthropic.${model}${date ? `-${date}-v1:0` : ''}`;
}

/**
 * Whether a model is asked at a regional endpoint, which both clouds charge more for: "Regional and
 * multi-region endpoints carry a 10% premium over global endpoints" [Pricing, section on partner-operated
 * platforms], for all models since Sonnet 4.5. On Bedrock the id says so; on Google the region does, whose
 * "us" and "eu" are multi-region. An ARN that names no model may be regional, so it counts.
 */
export function isRegional(id: string, via: Via, region: string): boolean {
  if (via === 'google') return region !== 'global';
  return via === 'bedrock' && !withoutArn(id).startsWith('global.');
}

function withoutArn(id: string): string {
  return /^arn:[^:]+:bedrock:.*:(?:inference-profile|foundation-model)\/(.+)$/.exec(id)?.[1] ?? id;
}

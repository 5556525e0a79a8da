import { APIError } from '@anthropic-ai/sdk';

/**
 * Optional API features of a call. An account, a model, a gateway or a cloud may not support one of them.
 * That feature is then left out until the loop ends.
 */
export const FEATURES = [
  /** `thinking.block_binding`: thinking that no longer fits its conversation is dropped and not refused. */
  'binding',
  /** `thinking.display`: thinking comes summarised, so that a console can show it. */
  'display',
  /** `thinking` at all. */
  'thinking',
  /** `output_config.effort`. */
  'effort',
  /** A prompt cache of an hour. */
  'hour',
  /** `cache_control` at the top of a request; without it the last block is marked. */
  'autoCache',
  /** `cache_control` at all. */
  'marks',
  /** Old tool results are cleared by the server. */
  'clearing',
  /** What clearing could not make short enough is summarised by the server. */
  'compaction',
  /** Messages of the role `system` in mid-conversation. */
  'system',
  /** Tools that are withdrawn in mid-conversation. */
  'toolChanges',
  /** Server-side web search and fetch. */
  'web',
] as const;
export type Feature = (typeof FEATURES)[number];

export const BETAS = {
  binding: 'thinking-binding-controls-2026-08-01',
  clearing: 'context-management-2025-06-27',
  compaction: 'compact-2026-01-12',
  toolChanges: 'mid-conversation-tool-changes-2026-07-01',
} as const;

/** The fields of a request that belong to a feature: a name, or the beginning of a dotted path. */
const FIELDS: Record<Feature, readonly string[]> = {
  binding: ['thinking.block_binding', 'block_binding'],
  display: ['thinking.display', 'display'],
  thinking: ['thinking'],
  effort: ['output_config', 'effort'],
  hour: [],
  autoCache: ['cache_control'],
  marks: [],
  clearing: ['context_management'],
  compaction: [],
  system: [],
  toolChanges: ['tool_removal'],
  web: ['web_search', 'web_fetch'],
};

/** Names, values and betas that appear in an error message only where it is about the feature. */
const VALUES: Record<Feature, readonly string[]> = {
  binding: ['block_binding', 'thinking.block_binding', BETAS.binding],
  display: ['thinking.display'],
  thinking: [],
  effort: ['output_config', 'output_config.effort'],
  hour: ['extended-cache-ttl-2025-04-11'],
  autoCache: [],
  marks: [],
  clearing: ['context_management', 'clear_tool_uses_20250919', BETAS.clearing],
  compaction: ['compact_20260112', BETAS.compaction],
  system: [],
  toolChanges: ['tool_removal', BETAS.toolChanges],
  web: ['web_search_20260318', 'web_fetch_20260318'],
};

/** Refusals that come as a sentence without a field: about an organisation's setting, or about a model. */
const SENTENCES: Partial<Record<Feature, RegExp>> = {
  web: /\bweb (?:search|fetch)\b/i,
  effort: /\beffort parameter\b/i,
  thinking: /\badaptive thinking\b/i,
};

/**
 * Amazon Bedrock's whole message about an unknown beta. It does not name the beta, so they are left out one
 * after the other.
 */
const SOME_BETA = /\binvalid beta flag\b/i;
const BY_BETA: readonly Feature[] = ['binding', 'compaction', 'clearing', 'toolChanges'];

/**
 * The feature of `asked` that a request was refused for; null where the error names none. The API has no code
 * for this. The field at the beginning of its message decides ("thinking.display: Extra inputs are not
 * permitted"), or a name that appears in no other message.
 */
export function refusedFeature(error: unknown, asked: ReadonlySet<Feature>): Feature | null {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 403)) return null;
  const message = wordsIn(error);
  // An error about a thinking signature also names fields that would help. It refuses no feature.
  if (/Invalid `?signature`?/.test(message)) return null;
  if (SOME_BETA.test(message)) return BY_BETA.find((feature) => asked.has(feature)) ?? null;
  const field = /^([a-z_]\w*(?:\.\w+)*)(?:[ :]|$)/.exec(message)?.[1] ?? '';
  const found = [...asked].filter((feature) => isNamed(feature, field, message));
  // The narrower feature comes first in FEATURES: "thinking.display" before "thinking".
  return found.sort((a, b) => FEATURES.indexOf(a) - FEATURES.indexOf(b))[0] ?? null;
}

/** The message of the server, without the prefix of a cloud or a gateway. */
function wordsIn(error: APIError): string {
  const body = error.error as { message?: unknown } | undefined;
  const said = error.apiMessage ?? (typeof body?.message === 'string' ? body.message : error.message);
  return said
    .replace(/^\d{3} /, '')
    .replace(/^The model returned the following errors: /, '')
    .replace(/^`([^`]+)`/, '$1');
}

function isNamed(feature: Feature, field: string, message: string): boolean {
  const inMessages = /^(?:messages|system|tools)\.\d/.test(field);
  if (feature === 'system')
    return field.startsWith('messages.') && /\brole\b/.test(message) && /\bsystem\b/.test(message);
  if (feature === 'hour')
    return /(?:^|\.)ttl$/.test(field) || VALUES.hour.some((one) => message.includes(one));
  if (feature === 'marks') return inMessages && /\.cache_control$/.test(field);
  if (field.startsWith('messages.') && feature !== 'toolChanges') return false;
  if (SENTENCES[feature]?.test(message)) return true;
  const path = field.replace(/\.(?:adaptive|ephemeral)(?=\.|$)/g, '');
  return (
    FIELDS[feature].some((name) => path === name || path.startsWith(`${name}.`)) ||
    VALUES[feature].some((value) => namesIn(message).has(value))
  );
}

const namesIn = (message: string) => new Set(message.match(/[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)+/g) ?? []);

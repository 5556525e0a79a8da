import { APIError } from '@anthropic-ai/sdk';

/**
 * What a call asks for beyond a plain one. An account, a model, a gateway or a cloud may not know one of them: it is then left out for the
 * rest of the night.
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
  clearing: ['context_management'],
  compaction: [],
  system: [],
  toolChanges: ['tool_removal'],
  web: ['web_search', 'web_fetch'],
};

/** Values and betas that stand in no other sentence of an API. */
const VALUES: Record<Feature, readonly string[]> = {
  binding: [BETAS.binding],
  display: [],
  thinking: [],
  effort: [],
  hour: ['extended-cache-ttl-2025-04-11'],
  autoCache: [],
  clearing: ['clear_tool_uses_20250919', BETAS.clearing],
  compaction: ['compact_20260112', BETAS.compaction],
  system: [],
  toolChanges: ['tool_removal', BETAS.toolChanges],
  web: ['web_search_20260318', 'web_fetch_20260318'],
};

/**
 * The feature of those asked for that a request was refused for; null where the error names none. The API has no code for this: what counts
 * is the field at the beginning of its message ("thinking.display: Extra inputs are not permitted"), or a name in it that stands in no other.
 */
export function refusedFeature(error: unknown, asked: ReadonlySet<Feature>): Feature | null {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 403)) return null;
  const message = error.apiMessage ?? error.message.replace(/^\d{3} /, '');
  const field = /^([a-z_]\w*(?:\.\w+)*)(?:[ :]|$)/.exec(message)?.[1] ?? '';
  const found = [...asked].filter((feature) => isNamed(feature, field, message));
  // A longer name is the more exact one: "thinking.display" is not "thinking".
  return found.sort((a, b) => FEATURES.indexOf(a) - FEATURES.indexOf(b))[0] ?? null;
}

function isNamed(feature: Feature, field: string, message: string): boolean {
  const inMessages = field.startsWith('messages.');
  if (feature === 'system') return inMessages && /\brole\b/.test(message) && /\bsystem\b/.test(message);
  if (feature === 'hour' && /(?:^|\.)ttl$/.test(field)) return true;
  if (inMessages && feature !== 'toolChanges') return false;
  // "web search is not enabled" is how an organisation's setting is told, without a field.
  if (feature === 'web' && /\bweb (?:search|fetch)\b/i.test(message)) return true;
  const path = field.replace(/\.(?:adaptive|ephemeral)(?=\.|$)/g, '');
  return (
    FIELDS[feature].some((name) => path === name || path.startsWith(`${name}.`)) ||
    VALUES[feature].some((value) => wordsOf(message).has(value))
  );
}

const wordsOf = (message: string) => new Set(message.match(/[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)+/g) ?? []);

import { APIError } from '@anthropic-ai/sdk';
import { expect, it } from 'vitest';
import { FEATURES, type Feature, refusedFeature } from './features.ts';

const all: ReadonlySet<Feature> = new Set(FEATURES);
const refusal = (message: string, status = 400, type = 'invalid_request_error') =>
  APIError.generate(status, { type: 'error', error: { type, message } }, undefined, new Headers());

it.each<[string, Feature]>([
  ['thinking.block_binding: Extra inputs are not permitted', 'binding'],
  ['thinking.adaptive.block_binding: Extra inputs are not permitted', 'binding'],
  ['Unexpected value(s) `thinking-binding-controls-2026-08-01` for the `anthropic-beta` header', 'binding'],
  ['thinking.display: Extra inputs are not permitted', 'display'],
  ['thinking: Extra inputs are not permitted', 'thinking'],
  ['output_config.effort: Extra inputs are not permitted', 'effort'],
  ['output_config: Extra inputs are not permitted', 'effort'],
  ['system.0.cache_control.ephemeral.ttl: Extra inputs are not permitted', 'hour'],
  ['messages.3.content.0.cache_control.ttl: Extra inputs are not permitted', 'hour'],
  ['cache_control.ttl: Extra inputs are not permitted', 'hour'],
  ['cache_control: Extra inputs are not permitted', 'autoCache'],
  ['context_management: Extra inputs are not permitted', 'clearing'],
  ['Unexpected value(s) `context-management-2025-06-27` for the `anthropic-beta` header', 'clearing'],
  ['compact_20260112 is not supported by claude-haiku-5-5', 'compaction'],
  ["messages.4.role: Input should be 'user' or 'assistant', not 'system'", 'system'],
  ["messages.4: role 'system' must follow a 'user' message", 'system'],
  [
    'Unexpected value(s) `mid-conversation-tool-changes-2026-07-01` for the `anthropic-beta` header',
    'toolChanges',
  ],
  ['messages.4.content.0: unknown block type tool_removal', 'toolChanges'],
  ['tools.3: web_fetch_20260318 is not supported by this model', 'web'],
  [
    "tools.7.type: Input tag 'web_search_20260318' found using 'type' does not match any of the expected tags",
    'web',
  ],
  // Messages of models, clouds and gateways in their own wording.
  ['This model does not support the effort parameter.', 'effort'],
  ['adaptive thinking is not supported on this model', 'thinking'],
  ['The model returned the following errors: thinking.display: Extra inputs are not permitted', 'display'],
  ['`thinking.display` is not supported', 'display'],
  [
    'litellm.BadRequestError: {"message":"thinking.block_binding: Extra inputs are not permitted"}',
    'binding',
  ],
  ['system.0.cache_control: Extra inputs are not permitted', 'marks'],
  ['messages.2.content.0.cache_control: Extra inputs are not permitted', 'marks'],
])('%s: %s is left out', (message, feature) => {
  expect(refusedFeature(refusal(message), all)).toBe(feature);
  // A feature that was not used cannot have been refused.
  const others = new Set(FEATURES.filter((one) => one !== feature));
  expect(refusedFeature(refusal(message), others)).not.toBe(feature);
});

it('knows the sentence of an organisation without web search, by 403', () => {
  const error = refusal('Web search is not enabled for this organization.', 403, 'permission_error');
  expect(refusedFeature(error, all)).toBe('web');
});

it.each([
  // Messages that mention a feature without refusing it.
  'messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block". That setting requires the `thinking-binding-controls-2026-08-01` value in the `anthropic-beta` header.',
  'messages.3.content.2: text content blocks must be non-empty',
  'messages.5: the effort of thinking about the display of a web page and its cache_control',
  'prompt is too long: 210000 tokens > 200000 maximum',
  'A maximum of 4 blocks with cache_control may be provided. Found 5.',
  'model: claude-opus-9 does not exist; thinking twice helps',
  'max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens',
])('no feature is named by: %s', (message) => {
  expect(refusedFeature(refusal(message), all)).toBeNull();
});

it('leaves the betas out one after the other where a cloud does not say which', () => {
  const asked = new Set<Feature>(FEATURES);
  const left: (Feature | null)[] = [];
  for (let i = 0; i < 5; i++) {
    const feature = refusedFeature(
      refusal('The model returned the following errors: invalid beta flag'),
      asked,
    );
    left.push(feature);
    if (feature) asked.delete(feature);
  }
  expect(left).toEqual(['binding', 'compaction', 'clearing', 'toolChanges', null]);
});

it('looks at refusals of the request only', () => {
  for (const status of [401, 429, 500, 529])
    expect(refusedFeature(refusal('thinking.display: no', status), all)).toBeNull();
  expect(refusedFeature(new Error('thinking.display: no'), all)).toBeNull();
});

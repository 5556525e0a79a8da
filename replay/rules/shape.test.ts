import { expect, it } from 'vitest';
import { bad, plain, post, say, serve, text, user, verdict, WEB } from '../fixtures/serve.ts';

const EXTRA = 'Extra inputs are not permitted';
const edits = (...all: object[]) => ({ context_management: { edits: all } });
const betas = ['context-management-2025-06-27', 'compact-2026-01-12', 'thinking-binding-controls-2026-08-01'];

it('takes every known field', async () => {
  const all = {
    system: [{ ...text('You.'), cache_control: { type: 'ephemeral', ttl: '1h' } }],
    cache_control: { type: 'ephemeral', ttl: '1h' },
    thinking: {
      type: 'adaptive',
      display: 'summarized',
      block_binding: { prefix_mismatch_behavior: 'drop_block' },
    },
    output_config: { effort: 'high' },
    tools: [WEB, { name: 'note', description: 'd', input_schema: { type: 'object' }, strict: true }],
    tool_choice: { type: 'auto' },
    metadata: { user_id: 'me' },
    ...edits(
      { type: 'clear_tool_uses_20250919', keep: { type: 'tool_uses', value: 1 } },
      { type: 'compact_20260112' },
    ),
    messages: [user([text('Hello')])],
  };
  expect(await verdict(all, { betas })).toBeNull();
});

const broken: [body: object, message: string][] = [
  [{ temperature: 1 }, `temperature: ${EXTRA}`],
  [{ thread: false }, `thread: ${EXTRA}`],
  [{ thinking: { type: 'adaptive', budget: 5 } }, `thinking.budget: ${EXTRA}`],
  [{ thinking: { type: 'adaptive', block_binding: { mode: 1 } } }, `thinking.block_binding.mode: ${EXTRA}`],
  [
    { thinking: { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'drop' } } },
    "thinking.block_binding.prefix_mismatch_behavior: Input should be 'error' or 'drop_block'",
  ],
  [{ thinking: { type: 'deep' } }, "thinking: Input tag 'deep' found using 'type' does not match"],
  [{ output_config: { effort: 'huge' } }, "output_config.effort: Input should be 'low', 'medium'"],
  [{ output_config: { length: 1 } }, `output_config.length: ${EXTRA}`],
  [edits({ type: 'compact_20260112', keep: 1 }), `context_management.edits.0.keep: ${EXTRA}`],
  [edits({ type: 'forget' }), "context_management.edits.0: Input tag 'forget'"],
  [{ cache_control: { type: 'ephemeral', ttl: '2h' } }, "cache_control.ttl: Input should be '5m' or '1h'"],
  [{ cache_control: { type: 'ephemeral', at: 1 } }, `cache_control.at: ${EXTRA}`],
  [{ system: [{ ...text('a'), note: 1 }] }, `system.0.note: ${EXTRA}`],
  [{ system: [{ type: 'image' }] }, "system.0: Input tag 'image'"],
  [{ tools: [{ ...WEB, depth: 2 }] }, `tools.0.depth: ${EXTRA}`],
  [{ tools: [{ type: 'web_search_2030', name: 'web_search' }] }, "tools.0: Input tag 'web_search_2030'"],
  [{ tools: [{ name: 'note' }] }, 'tools.0.input_schema: Field required'],
  [{ tool_choice: { type: 'some' } }, "tool_choice: Input tag 'some'"],
  [{ messages: [{ ...user('a'), name: 'Ada' }] }, `messages.0.name: ${EXTRA}`],
  [{ messages: [user([{ ...text('a'), id: 1 }])] }, `messages.0.content.0.id: ${EXTRA}`],
  [{ messages: [user([{ type: 'poem' }])] }, "messages.0.content.0: Input tag 'poem'"],
  [
    { messages: [user([{ type: 'tool_use', id: 'a b', name: 'n', input: {} }])] },
    'messages.0.content.0.tool_use.id: ',
  ],
  [
    { messages: [user([{ type: 'tool_result', tool_use_id: 'a', content: [{ ...text('a'), x: 1 }] }])] },
    `messages.0.content.0.content.0.x: ${EXTRA}`,
  ],
  [{ max_tokens: undefined }, 'max_tokens: Field required'],
  [{ model: undefined }, 'model: Field required'],
  [{ messages: [] }, 'messages: '],
];

it.each(broken)('refuses %j', async (body, message) => {
  const said = await verdict(body, { betas });
  expect(said?.slice(0, bad(message).length)).toBe(bad(message));
});

it('counts tokens of a request without what a reply needs', async () => {
  const { url } = await serve(() => say('unused'));
  const path = '/v1/messages/count_tokens';
  const { max_tokens, ...counted } = plain;
  expect(await post(url, counted, { path })).toMatchObject({ status: 200 });
  expect(await post(url, plain, { path })).toMatchObject({ error: { message: `max_tokens: ${EXTRA}` } });
});

import { expect, it } from 'vitest';
import { bad, NOTE, system, text, user, verdict, WEB } from '../fixtures/serve.ts';

const EXTRA = 'Extra inputs are not permitted';
const BINDING = 'thinking-binding-controls-2026-08-01';
const CHANGES = 'mid-conversation-tool-changes-2026-07-01';
const MANAGEMENT = 'context-management-2025-06-27';
const removal = { type: 'tool_removal', tool: { type: 'tool_reference', name: 'note' } };

it.each<[name: string, body: object, betas: string[], message: string]>([
  [
    'thinking.display',
    { thinking: { type: 'adaptive', display: 'summarized' } },
    [],
    `thinking.display: ${EXTRA}`,
  ],
  [
    'thinking.block_binding',
    { thinking: { type: 'adaptive', block_binding: {} } },
    [BINDING],
    `thinking.block_binding: ${EXTRA}`,
  ],
  [BINDING, {}, [BINDING], `Unexpected value(s) \`${BINDING}\` for the \`anthropic-beta\` header`],
  ['output_config', { output_config: { effort: 'low' } }, [], `output_config: ${EXTRA}`],
  ['output_config.effort', { output_config: { effort: 'low' } }, [], `output_config.effort: ${EXTRA}`],
  ['context_management', { context_management: { edits: [] } }, [MANAGEMENT], `context_management: ${EXTRA}`],
  ['cache_control', { cache_control: { type: 'ephemeral' } }, [], `cache_control: ${EXTRA}`],
  [
    'cache_control.ttl',
    { system: [{ ...text('a'), cache_control: { type: 'ephemeral', ttl: '1h' } }] },
    [],
    `system.0.cache_control.ttl: ${EXTRA}`,
  ],
  [
    'cache_control.ttl',
    { cache_control: { type: 'ephemeral', ttl: '5m' } },
    [],
    `cache_control.ttl: ${EXTRA}`,
  ],
  [
    'messages.role.system',
    { messages: [user('a'), system('b')] },
    [],
    'messages.1.role: Unexpected role "system".',
  ],
  [
    'web_search_20260318',
    { tools: [WEB] },
    [],
    "tools.0: Input tag 'web_search_20260318' found using 'type'",
  ],
  [
    'tool_removal',
    { tools: [NOTE], messages: [user('a'), system([removal])] },
    [CHANGES],
    "messages.1.content.0: Input tag 'tool_removal' found using 'type'",
  ],
])('a gateway that does not know %s says so', async (name, body, betas, message) => {
  expect(await verdict(body, { betas })).toBeNull();
  expect(await verdict(body, { betas }, { refuses: [name] })).toContain(bad(message));
  expect(await verdict({}, {}, { refuses: [name] })).toBeNull();
});

import { expect, it } from 'vitest';
import { assistant, bad, NOTE, system, text, user, verdict } from '../fixtures/serve.ts';
import { betasOf } from './betas.ts';

const EXTRA = 'Extra inputs are not permitted';
const removal = { type: 'tool_removal', tool: { type: 'tool_reference', name: 'note' } };

const needs: [body: object, path: string, betas: string[]][] = [
  [{ context_management: { edits: [] } }, 'context_management', ['context-management-2025-06-27']],
  [
    { context_management: { edits: [{ type: 'compact_20260112' }] } },
    'context_management.edits.0',
    ['context-management-2025-06-27', 'compact-2026-01-12'],
  ],
  [
    { thinking: { type: 'adaptive', block_binding: {} } },
    'thinking.block_binding',
    ['thinking-binding-controls-2026-08-01'],
  ],
  [
    { tools: [NOTE], messages: [user('a'), system([removal])] },
    'messages.1.content.0',
    ['mid-conversation-tool-changes-2026-07-01'],
  ],
  [
    { tools: [NOTE], messages: [user('a'), system([removal])] },
    'messages.1.content.0',
    ['inline-tools-2026-09-15'],
  ],
  [
    {
      messages: [
        user('a'),
        system([{ type: 'tool_addition', tool: { type: 'tool_definition', definition: NOTE } }]),
      ],
    },
    'messages.1.content.0.tool',
    ['mid-conversation-tool-changes-2026-07-01', 'inline-tools-2026-09-15'],
  ],
  [
    { messages: [user('a'), { ...system('b'), clear_at: 'never' }] },
    'messages.1.clear_at',
    ['mid-conversation-system-clear-at-2026-08-21'],
  ],
];

it.each(needs)('%j needs a beta for %s', async (body, path, betas) => {
  expect(await verdict(body, { betas })).toBeNull();
  expect(await verdict(body, { betas: betas.slice(0, -1) })).toBe(bad(`${path}: ${EXTRA}`));
});

it('refuses values that nobody knows', async () => {
  expect(await verdict({}, { betas: ['files-api-2025-04-14'] })).toBeNull();
  expect(await verdict({}, { betas: ['files-api-2025-04-14', 'some-beta'] })).toBe(
    bad('Unexpected value(s) `some-beta` for the `anthropic-beta` header'),
  );
});

it('reads the header in all its forms', () => {
  expect([...betasOf('a, b,')]).toEqual(['a', 'b']);
  expect([...betasOf(['a', 'b,c'])]).toEqual(['a', 'b', 'c']);
  expect([...betasOf(undefined)]).toEqual([]);
});

it('leaves system messages without a beta of their own', async () => {
  expect(await verdict({ messages: [user('a'), system([text('b')]), assistant('c'), user('d')] })).toBeNull();
});

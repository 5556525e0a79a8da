import { expect, it } from 'vitest';
import { assistant, bad, text, use, user, verdict } from '../fixtures/serve.ts';

const EMPTY = 'text content blocks must be non-empty';
const answered = (content: unknown) => [
  user('a'),
  assistant([use('t')]),
  user([{ type: 'tool_result', tool_use_id: 't', content }]),
];

it.each([
  [{ messages: [user('')] }, `messages.0.content.0: ${EMPTY}`],
  [{ messages: [user([text('a'), text('')])] }, `messages.0.content.1: ${EMPTY}`],
  [{ messages: [user('a'), assistant([text('')]), user('b')] }, `messages.1.content.0: ${EMPTY}`],
  [{ messages: answered([text('')]) }, `messages.2.content.0.content.0: ${EMPTY}`],
  [{ system: [text('')] }, `system.0: ${EMPTY}`],
  [{ messages: [user([])] }, 'messages.0: content must not be empty'],
])('refuses %j', async (body, message) => {
  expect(await verdict(body)).toBe(bad(message));
});

it('takes results without content', async () => {
  expect(await verdict({ messages: answered([text('b')]) })).toBeNull();
  expect(await verdict({ messages: answered('') })).toBeNull();
  expect(await verdict({ messages: answered(undefined) })).toBeNull();
});

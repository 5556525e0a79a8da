import { expect, it } from 'vitest';
import { assistant, bad, NOTE, result, text, use, user, verdict } from '../fixtures/serve.ts';

const say = (...messages: object[]) => verdict({ messages });
const OPEN = '`tool_use` ids were found without `tool_result` blocks immediately after: ';

it('takes calls with their results in any order, and words after them', async () => {
  const calls = assistant([text('b'), use('t1'), use('t2')]);
  expect(await say(user('a'), calls, user([result('t2'), result('t1'), text('c')]))).toBeNull();
});

it.each([
  [[user('a'), assistant([use('t1')]), user('b')], `messages.1: ${OPEN}t1`],
  [[user('a'), assistant([use('t1'), use('t2')]), user([result('t1')])], `messages.1: ${OPEN}t2`],
  [[user('a'), assistant([use('t1')]), user([text('b'), result('t1')])], `messages.1: ${OPEN}t1`],
  [[user('a'), assistant([use('t1')]), assistant('b'), user([result('t1')])], `messages.1: ${OPEN}t1`],
  [
    [user([result('t1')])],
    'messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1',
  ],
  [
    [user('a'), assistant([use('t1')]), user([result('t1'), result('t1')])],
    'messages.2: each tool_use must have',
  ],
  [
    [user('a'), assistant([use('t1')]), user([result('t1')]), assistant([use('t1')]), user([result('t1')])],
    'messages.3.content.0: `tool_use` ids must be unique',
  ],
])('refuses %j', async (messages, message) => {
  expect(await say(...messages)).toContain(bad(message));
});

it('refuses names that come twice or are none', async () => {
  expect(await verdict({ tools: [NOTE, NOTE] })).toBe(bad('tools: Tool names must be unique.'));
  expect(await verdict({ tools: [{ ...NOTE, name: 'a b' }] })).toContain(
    bad('tools.0.name: String should match'),
  );
});

import { describe, expect, it } from 'vitest';
import {
  assistant,
  bad,
  found,
  NOTE,
  result,
  search,
  system,
  text,
  use,
  user,
  verdict,
  WEB,
} from '../fixtures/serve.ts';

const betas = ['mid-conversation-tool-changes-2026-07-01'];
const tools = [NOTE, WEB];
const SYSTEM =
  "role 'system' must follow a 'user' message or an 'assistant' message ending in a server tool result";
const reference = (name: string) => ({ tool: { type: 'tool_reference', name } });
const removal = (name: string) => ({ type: 'tool_removal', ...reference(name) });
const addition = (name: string) => ({ type: 'tool_addition', ...reference(name) });
const say = (...messages: object[]) => verdict({ messages, tools }, { betas });

describe('turns', () => {
  it('may stand so', async () => {
    expect(await say(user('a'), user('b'), assistant('c'), assistant('d'), user('e'))).toBeNull();
    expect(await say(user('a'), system('b'))).toBeNull();
    expect(await say(user('a'), system([text('b')]), assistant('c'), user('d'), system('e'))).toBeNull();
    const searched = assistant([search('srvtoolu_1'), found('srvtoolu_1')]);
    expect(await say(user('a'), searched)).toBeNull();
    expect(await say(user('a'), searched, system('b'))).toBeNull();
  });

  it.each([
    [[assistant('a'), user('b')], 'messages.0: the first message must use'],
    [[user('a'), assistant('b'), system('c')], `messages.2: ${SYSTEM}`],
    [[user('a'), system('b'), system('c')], `messages.1: role 'system' must be the last`],
    [[user('a'), system('b'), user('c')], `messages.1: role 'system' must be the last`],
    [[user('a'), assistant('b')], 'messages.1: This model does not support assistant message prefill.'],
    [[user('a'), system([use('t')])], 'messages.1.content.0: `tool_use` blocks can not be in `system`'],
    [[user([use('t')])], 'messages.0.content.0: `tool_use` blocks can not be in `user`'],
    [[user('a'), assistant([result('t')]), user('b')], 'messages.1.content.0: `tool_result` blocks can not'],
  ])('may not stand so: %j', async (messages, message) => {
    expect(await say(...messages)).toContain(bad(message));
  });
});

describe('changes of the tools', () => {
  it('take away what is offered, and give back what is known', async () => {
    expect(await say(user('a'), system([removal('note')]))).toBeNull();
    expect(
      await say(
        user('a'),
        system([removal('note')]),
        assistant('b'),
        user('c'),
        system([addition('note'), removal('note')]),
      ),
    ).toBeNull();
  });

  it('name no other tools', async () => {
    const path = 'messages.1.content.0.tool: ';
    expect(await say(user('a'), system([removal('write')]))).toContain(
      bad(`${path}tool 'write' is not offered`),
    );
    expect(await say(user('a'), system([addition('write')]))).toContain(
      bad(`${path}tool 'write' is not one`),
    );
    expect(await say(user('a'), system([removal('note'), removal('note')]))).toContain(
      bad("messages.1.content.1.tool: tool 'note' is not offered"),
    );
  });
});

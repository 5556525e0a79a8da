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

const say = (messages: object[], tools: object[] = [NOTE, WEB]) => verdict({ messages, tools });
const OPEN = 'messages.1: `web_search` tool use with id `srvtoolu_1` was found without a corresponding';
const mixed = assistant([text('b'), search('srvtoolu_1'), use('t1')]);
const paused = assistant([text('b'), search('srvtoolu_1')]);

describe('a search beside a call of the client', () => {
  it('goes on with results only', async () => {
    expect(await say([user('a'), mixed, user([result('t1')])])).toBeNull();
    const later = [assistant([found('srvtoolu_1'), text('c')]), user('d')];
    expect(await say([user('a'), mixed, user([result('t1')]), ...later])).toBeNull();
  });

  it.each([
    [[user('a'), mixed, user([result('t1'), text('a hint')])]],
    [[user('a'), mixed, user([result('t1')]), system('a notice')]],
    [[user('a'), mixed, user([result('t1')]), user('more')]],
    [[user('a'), mixed, user([result('t1')]), assistant('c'), user('d')]],
  ])('and nothing else: %j', async (messages) => {
    expect(await say(messages)).toContain(bad(OPEN));
  });

  it('needs the tool to the end', async () => {
    expect(await say([user('a'), mixed, user([result('t1')])], [NOTE])).toContain(
      bad(
        'messages.1: `web_search` tool use with id `srvtoolu_1` is pending, but `web_search` is not one of',
      ),
    );
  });
});

describe('a turn that the API paused', () => {
  it('goes on as it stands', async () => {
    expect(await say([user('a'), paused])).toBeNull();
    expect(await say([user('a'), paused, assistant([found('srvtoolu_1'), text('c')]), user('d')])).toBeNull();
  });

  it.each([[[user('a'), paused, user('go on')]], [[user('a'), paused, assistant('c'), user('d')]]])(
    'and not so: %j',
    async (messages) => {
      expect(await say(messages)).toContain(bad(OPEN));
    },
  );
});

it('no system message stands between a paused turn and its rest', async () => {
  expect(await say([user('a'), paused, system('go on')])).toContain(
    bad("messages.2: role 'system' must follow"),
  );
});

it('a result without its call is refused', async () => {
  expect(await say([user('a'), assistant([found('srvtoolu_9')]), user('b')])).toContain(
    bad(
      'messages.1.content.0: unexpected `tool_use_id` found in `web_search_tool_result` blocks: srvtoolu_9',
    ),
  );
});

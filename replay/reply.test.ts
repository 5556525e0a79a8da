import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { describe, expect, it } from 'vitest';
import {
  assistant,
  found,
  NOTE,
  plain,
  post,
  result,
  say,
  search,
  serve,
  text,
  use,
  user,
  WEB,
} from './fixtures/serve.ts';
import type { Answer } from './protocol.ts';

const FETCH = { type: 'web_fetch_20260318', name: 'web_fetch', max_uses: 1 };
const ask = {
  model: 'claude-opus-5-5',
  max_tokens: 500,
  tools: [NOTE, WEB, FETCH],
  thinking: { type: 'adaptive' as const },
};
type Asked = Parameters<Awaited<ReturnType<typeof serve>>['client']['beta']['messages']['stream']>[0];

/**
 * A conversation of a client that sends back every reply as it is, with a result for each of its tool calls.
 */
async function talk(...answers: Answer[]) {
  const served = await serve(() => answers.shift() ?? say('the end'));
  const messages: BetaMessageParam[] = [user('go') as BetaMessageParam];
  const replies = [];
  for (let turn = 0; turn < 9; turn++) {
    const reply = await served.client.beta.messages.stream({ ...ask, messages } as Asked).finalMessage();
    replies.push(reply);
    messages.push({ role: 'assistant', content: reply.content });
    const calls = reply.content.filter(({ type }) => type === 'tool_use') as { id: string }[];
    if (calls.length > 0) messages.push(user(calls.map(({ id }) => result(id))) as BetaMessageParam);
    else if (reply.stop_reason !== 'pause_turn') break;
  }
  expect(served.server.violations).toEqual([]);
  expect(served.server.mismatches).toBe(0);
  return { ...served, replies, messages };
}
const types = (reply: { content: { type: string }[] } | undefined) => reply?.content.map(({ type }) => type);

describe('server tools', () => {
  it('stay pending beside a call of the client, and come first in the next reply', async () => {
    const { replies, bills } = await talk(
      { content: [text('a'), search('srvtoolu_1'), use('toolu_1')] },
      { content: [search('srvtoolu_2'), use('toolu_2')] },
    );
    expect(types(replies[0])).toEqual(['thinking', 'text', 'server_tool_use', 'tool_use']);
    expect(replies[0]?.content[2]).toEqual(search('srvtoolu_1'));
    expect(types(replies[1])).toEqual(['web_search_tool_result', 'thinking', 'server_tool_use', 'tool_use']);
    expect(replies[1]?.content[0]).toMatchObject({ tool_use_id: 'srvtoolu_1' });
    expect(types(replies[2])).toEqual(['web_search_tool_result', 'thinking', 'text']);
    expect(replies.map(({ stop_reason }) => stop_reason)).toEqual(['tool_use', 'tool_use', 'end_turn']);
    expect(
      bills.map(
        ({ usage }) => (usage.server_tool_use as { web_search_requests: number })?.web_search_requests,
      ),
    ).toEqual([undefined, 1, 1]);
  });

  it('stay pending in a paused turn, which the server sees to', async () => {
    const paused = (words: string) => ({ content: [text(words)], stopReason: 'pause_turn' });
    const { replies } = await talk(paused('a'), paused('b'));
    expect(types(replies[0])).toEqual(['thinking', 'text', 'server_tool_use']);
    expect(types(replies[1])).toEqual(['web_search_tool_result', 'thinking', 'text', 'server_tool_use']);
    expect(types(replies[2])).toEqual(['web_search_tool_result', 'thinking', 'text']);
    expect(replies.map(({ stop_reason }) => stop_reason)).toEqual(['pause_turn', 'pause_turn', 'end_turn']);
  });

  it('are run where the script says nothing of what they found', async () => {
    const uses = {
      content: [search('srvtoolu_1'), { type: 'server_tool_use', name: 'web_fetch', input: {} }, text('b')],
    };
    const { replies } = await talk(uses);
    expect(types(replies[0])).toEqual([
      'thinking',
      ...['server_tool_use', 'web_search_tool_result'],
      ...['server_tool_use', 'web_fetch_tool_result'],
      'text',
    ]);
  });

  it('answer with an error from max_uses on, counted anew in each request', async () => {
    const three = [1, 2, 3].flatMap((i) => [search(`srvtoolu_${i}`), found(`srvtoolu_${i}`)]);
    const again = [search('srvtoolu_4'), found('srvtoolu_4')];
    const { replies, bills } = await talk({ content: [...three, use('t')] }, { content: again });
    const contents = replies.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === 'web_search_tool_result' ? [block.content] : [])),
    );
    const error = { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' };
    expect(contents).toEqual([[], [], error, []]);
    expect(bills[0]?.usage.server_tool_use).toEqual({ web_search_requests: 2, web_fetch_requests: 0 });
  });

  it('that nobody offers are the mistake of a script', async () => {
    const { url, server } = await serve(() => ({ content: [search('srvtoolu_1')] }));
    expect(await post(url, plain)).toMatchObject({ status: 500, error: { type: 'api_error' } });
    const paused = await serve(() => ({ content: [text('a')], stopReason: 'pause_turn' }));
    expect(await post(paused.url, { ...plain, tools: [NOTE] })).toMatchObject({ status: 500 });
    expect([...server.mistakes, ...paused.server.mistakes]).toEqual([
      'web_search is called, which this request does not offer',
      'pause_turn where no web tool is offered',
    ]);
  });

  it('stay pending when max_tokens or a refusal ends the turn', async () => {
    for (const stopReason of ['max_tokens', 'refusal']) {
      const { client, url } = await serve(() => ({ content: [text('a'), search('srvtoolu_1')], stopReason }));
      const messages = [user('go') as BetaMessageParam];
      const { content } = await client.beta.messages.stream({ ...ask, messages } as Asked).finalMessage();
      expect(content.at(-1)).toEqual(search('srvtoolu_1'));
      const same = [...messages, assistant(content)];
      expect(await post(url, { ...ask, messages: same })).toMatchObject({ status: 200 });
      expect(await post(url, { ...ask, messages: [...same, user('go on')] })).toMatchObject({ status: 400 });
    }
  });
});

it('what the stream makes of a reply is what is sent without one', async () => {
  const words = `${'naïve 🙂 '.repeat(150)}end`;
  const cited = {
    ...text('so'),
    citations: [
      { type: 'web_search_result_location', cited_text: 'x', url: 'u', title: null, encrypted_index: 'i' },
    ],
  };
  const content = [
    { type: 'compaction', content: 'So far.', encrypted_content: null },
    { type: 'thinking', thinking: words },
    search('srvtoolu_1'),
    found('srvtoolu_1'),
    text(words),
    cited,
    { ...use('toolu_1'), input: { text: words } },
  ];
  const { client } = await serve(() => ({ content }));
  const body = {
    ...ask,
    thinking: { type: 'adaptive', display: 'summarized' },
    messages: [user('a')],
  } as Asked;
  const streamed = await client.beta.messages.stream(body).finalMessage();
  const whole = await client.beta.messages.create({ ...body, stream: false });
  const unsigned = (blocks: object[]) =>
    blocks.map((block) => ('signature' in block ? { ...block, signature: '' } : block));
  expect(unsigned(streamed.content)).toEqual(unsigned(whole.content));
  expect(unsigned(whole.content)).toEqual(
    content.map((block) => (block.type === 'thinking' ? { ...block, signature: '' } : block)),
  );
  expect(streamed.usage).toMatchObject({
    output_tokens: whole.usage.output_tokens,
    iterations: whole.usage.iterations,
  });
});

it('thinking is streamed in the steps of the API', async () => {
  const { client } = await serve(() => say('hi'));
  const steps: string[] = [];
  const display = async (display: string) => {
    const stream = client.beta.messages.stream({
      ...ask,
      thinking: { type: 'adaptive', display },
      messages: [user('a')],
    } as Asked);
    stream.on('streamEvent', (event) => {
      if (event.type.startsWith('content_block') && (event as { index: number }).index === 0) {
        steps.push('delta' in event ? String((event.delta as { type: string }).type) : event.type);
      }
    });
    await stream.finalMessage();
    return steps.splice(0);
  };
  expect(await display('summarized')).toEqual([
    'content_block_start',
    'thinking_delta',
    'signature_delta',
    'content_block_stop',
  ]);
  expect(await display('omitted')).toEqual(['content_block_start', 'signature_delta', 'content_block_stop']);
});

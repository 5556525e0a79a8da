import type Anthropic from '@anthropic-ai/sdk';
import type { BetaMessage, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { describe, expect, it } from 'vitest';
import { assistant, post, say, serve, text, use } from '../fixtures/serve.ts';
import type { Answer } from '../protocol.ts';
import type { ServerOptions } from '../server.ts';

const BETA = 'thinking-binding-controls-2026-08-01';
const BOUND =
  'Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".';
const FORGED = 'Invalid `signature` in `thinking` block';

const body = {
  model: 'claude-opus-5-5',
  max_tokens: 500,
  system: 'You count.',
  tools: [{ name: 'note', description: 'notes', input_schema: { type: 'object' as const } }],
  thinking: { type: 'adaptive' as const },
};
type Body = typeof body & { messages: BetaMessageParam[] };
const user = (content: string): BetaMessageParam => ({ role: 'user', content });

/** A conversation of three turns with different texts, kept as a client that changes nothing keeps it. */
async function talk(client: Anthropic, over: object = {}): Promise<Body> {
  const messages: BetaMessageParam[] = [];
  for (const words of ['one', 'two', 'three']) {
    messages.push(user(words));
    const reply = await client.beta.messages.stream({ ...body, ...over, messages }).finalMessage();
    messages.push({ role: 'assistant', content: reply.content });
  }
  return { ...body, ...over, messages: [...messages, user('four')] };
}

const counting = (request: { messages: unknown[] }) => say(`turn ${request.messages.length}`);
const serveCount = (options?: ServerOptions) => serve(counting, options);
const blocksOf = (message: { content?: unknown } | undefined) =>
  message?.content as { type: string; signature: string }[];

describe('thinking blocks', () => {
  it('begin each reply, empty unless their text is asked for', async () => {
    const { client } = await serveCount();
    const first = async (over: object) =>
      (await client.beta.messages.create({ ...body, ...over, messages: [user('a')] })).content;
    expect(await first({})).toEqual([
      { type: 'thinking', thinking: '', signature: expect.stringMatching(/^[\w-]+\.[\w-]+$/) },
      text('turn 1'),
    ]);
    const [shown] = await first({ thinking: { type: 'adaptive', display: 'summarized' } });
    expect(shown).toMatchObject({ type: 'thinking', thinking: expect.stringMatching(/./) });
    expect(await first({ model: 'offline-replay' })).toEqual([text('turn 1')]);
    expect(await first({ thinking: { type: 'between_tools' } })).toEqual([text('turn 1')]);
  });

  it('hold over a restart of the server', async () => {
    const before = await serveCount();
    const conversation = await talk(before.client);
    await before.server.close();
    const after = await serveCount();
    expect(await post(after.url, conversation)).toMatchObject({ status: 200 });
    expect(await post(after.url, { ...conversation, system: 'You guess.' })).toMatchObject({ status: 400 });
    expect(after.server.mismatches).toBe(3);
  });

  it('do not mind cache marks, nor their own text being left where it is', async () => {
    const { client, url, server } = await serveCount();
    const { messages, ...rest } = await talk(client);
    const marked = messages.map(({ role, content }) => {
      const blocks = typeof content === 'string' ? [text(content)] : blocksOf({ content });
      const last = blocks.length - 1;
      return {
        role,
        content: blocks.map((block, j) =>
          role === 'user' && j === last ? { ...block, cache_control: { type: 'ephemeral' } } : block,
        ),
      };
    });
    const tools = [{ ...rest.tools[0], cache_control: null }];
    expect(await post(url, { ...rest, tools, messages: marked })).toMatchObject({ status: 200 });
    expect(server.mismatches).toBe(0);
  });
});

describe('a conversation that was changed', () => {
  const edits: [what: string, edit: (body: Body) => object, at: string][] = [
    ['the system prompt', (all) => ({ ...all, system: 'You guess.' }), 'messages.1.content.0'],
    ['no system prompt', (all) => ({ ...all, system: undefined }), 'messages.1.content.0'],
    ['a tool less', (all) => ({ ...all, tools: [] }), 'messages.1.content.0'],
    [
      'a tool described anew',
      (all) => ({ ...all, tools: [{ ...all.tools[0], description: 'n' }] }),
      'messages.1.content.0',
    ],
    [
      'an earlier message',
      (all) => ({ ...all, messages: all.messages.with(2, user('2')) }),
      'messages.3.content.0',
    ],
    ['no first turn', (all) => ({ ...all, messages: all.messages.slice(2) }), 'messages.1.content.0'],
    [
      'a block of an earlier reply',
      (all) => ({
        ...all,
        messages: all.messages.with(
          1,
          assistant([blocksOf(all.messages[1])[0], text('x')]) as BetaMessageParam,
        ),
      }),
      'messages.3.content.0',
    ],
    [
      'a thinking block between others left out',
      (all) => ({
        ...all,
        messages: all.messages.with(3, assistant(blocksOf(all.messages[3]).slice(1)) as BetaMessageParam),
      }),
      'messages.5.content.0',
    ],
    [
      'a thinking block of another turn',
      (all) => ({
        ...all,
        messages: all.messages.with(
          3,
          assistant([blocksOf(all.messages[1])[0], text('turn 3')]) as BetaMessageParam,
        ),
      }),
      'messages.3.content.0',
    ],
  ];

  it.each(edits)('%s: 400 for new accounts, what the request says for old ones', async (_, edit, at) => {
    const { client, url, server } = await serveCount();
    const conversation = edit(await talk(client));
    expect(await post(url, conversation)).toMatchObject({
      status: 400,
      error: { type: 'invalid_request_error', message: `${at}: ${BOUND}` },
    });
    expect(server.mismatches).toBeGreaterThan(0);

    const old = await serveCount({ account: 'old' });
    expect(await post(old.url, conversation)).toMatchObject({ status: 200 });
    expect(await post(old.url, conversation, { betas: [BETA] })).toMatchObject({
      input_transformations: expect.arrayContaining([
        { type: 'thinking_mismatch_allowed', path: at, reason: 'prefix_binding_mismatch' },
      ]),
    });
    const strict = {
      ...conversation,
      thinking: { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'error' } },
    };
    expect(await post(old.url, strict, { betas: [BETA] })).toMatchObject({ status: 400 });
    expect(old.server.mismatches).toBeGreaterThan(0);
  });

  it('goes on with drop_block, which says what was dropped, and holds from there', async () => {
    const { client, server } = await serveCount();
    const changed = { ...(await talk(client)), system: 'You guess.' };
    const dropping = {
      ...changed,
      thinking: {
        type: 'adaptive' as const,
        block_binding: { prefix_mismatch_behavior: 'drop_block' as const },
      },
      betas: [BETA],
    };
    const reply = await client.beta.messages.stream(dropping).finalMessage();
    const dropped = [1, 3, 5].map((i) => ({
      type: 'thinking_dropped',
      path: `messages.${i}.content.0`,
      reason: 'prefix_binding_mismatch',
    }));
    expect(reply.input_transformations).toEqual(dropped);
    expect(server.mismatches).toBe(3);
    const messages = [
      ...dropping.messages,
      { role: 'assistant' as const, content: reply.content },
      user('five'),
    ];
    const next = await client.beta.messages.stream({ ...dropping, messages }).finalMessage();
    expect(next.input_transformations).toEqual(dropped);
  });

  it('may lose its first thinking blocks', async () => {
    const { client, url, server } = await serveCount();
    const { messages, ...rest } = await talk(client);
    const without = (count: number) =>
      messages.map((message, i) =>
        message.role === 'assistant' && i < count
          ? (assistant(blocksOf(message).slice(1)) as BetaMessageParam)
          : message,
      );
    for (const count of [2, 4, 6]) {
      expect(await post(url, { ...rest, messages: without(count) }), `${count}`).toMatchObject({
        status: 200,
      });
    }
    expect(server.mismatches).toBe(0);
  });
});

it('a signature that no server gave is refused by all', async () => {
  const { client, url } = await serveCount({ account: 'old' });
  const { messages, ...rest } = await talk(client);
  const [thinking, ...others] = blocksOf(messages[3]);
  const signature = thinking?.signature ?? '';
  const middle = Math.floor(signature.length / 2);
  const garbled = `${signature.slice(0, middle)}${signature[middle] === 'a' ? 'b' : 'a'}${signature.slice(middle + 1)}`;
  for (const forged of [
    { ...thinking, signature: garbled },
    { ...thinking, signature: 'x' },
    { ...thinking, thinking: 'hm' },
  ]) {
    const changed = messages.with(3, assistant([forged, ...others]) as BetaMessageParam);
    expect(await post(url, { ...rest, messages: changed })).toMatchObject({
      status: 400,
      error: { message: `messages.3.content.0: ${FORGED}` },
    });
  }
});

describe('another model', () => {
  const switched = async (from: string, to: string, over: object = {}) => {
    const { client, server } = await serveCount();
    const conversation = await talk(client, { model: from });
    const reply: BetaMessage = await client.beta.messages.create({
      ...conversation,
      model: to,
      betas: [BETA],
      ...over,
    });
    return { transformations: reply.input_transformations?.map(({ reason }) => reason), server };
  };

  it('is not shown what it can not read', async () => {
    expect(await switched('claude-opus-5-5', 'claude-sonnet-5-5')).toMatchObject({
      transformations: Array(3).fill('model_binding_mismatch'),
      server: { mismatches: 0 },
    });
    const changed = await switched('claude-opus-5-5', 'claude-sonnet-5-5', { system: 'You guess.' });
    expect(changed.transformations).toEqual(Array(3).fill('model_binding_mismatch'));
  });

  it('is shown what it can read', async () => {
    expect((await switched('claude-haiku-5-5', 'claude-opus-5-5')).transformations).toEqual([]);
    expect((await switched('claude-opus-5-5', 'claude-fable-5-1')).transformations).toEqual([]);
    expect((await switched('claude-opus-5-5', 'claude-opus-5-5-20260922')).transformations).toEqual([]);
  });
});

it('from a summary on, what stood before it does not count', async () => {
  const answers: Answer[] = [
    say('one'),
    { content: [{ type: 'compaction', content: 'So far: one.' }, text('two'), use('t1')] },
  ];
  const { client, url, server } = await serve(() => answers.shift() ?? say('more'));
  const messages = [user('a')];
  for (const next of ['b', null]) {
    const reply = await client.beta.messages.stream({ ...body, messages }).finalMessage();
    messages.push({ role: 'assistant', content: reply.content });
    if (next) messages.push(user(next));
  }
  expect(blocksOf(messages[3]).map(({ type }) => type)).toEqual([
    'compaction',
    'thinking',
    'text',
    'tool_use',
  ]);
  messages.push({ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'done' }] });
  expect(await post(url, { ...body, messages })).toMatchObject({ status: 200 });
  expect(await post(url, { ...body, messages: messages.with(0, user('z')) })).toMatchObject({ status: 200 });
  expect(await post(url, { ...body, messages: [user('summarised'), ...messages.slice(3)] })).toMatchObject({
    status: 200,
  });
  expect(server.mismatches).toBe(0);
  const compaction = assistant([
    { ...blocksOf(messages[3])[0], content: 'So far: two.' },
    ...blocksOf(messages[3]).slice(1),
  ]);
  expect(
    await post(url, { ...body, messages: messages.with(3, compaction as BetaMessageParam) }),
  ).toMatchObject({ status: 400 });
});

it('a script can sign nothing, or think between its words', async () => {
  const { client } = await serve(() => ({
    content: [
      text('a'),
      { type: 'thinking', thinking: 'hm' },
      text('b'),
      { type: 'thinking', thinking: '', signature: '' },
    ],
  }));
  const { content } = await client.beta.messages
    .stream({ ...body, thinking: { type: 'adaptive', display: 'summarized' }, messages: [user('a')] })
    .finalMessage();
  expect(content).toEqual([
    text('a'),
    { type: 'thinking', thinking: 'hm', signature: expect.stringMatching(/\./) },
    text('b'),
    { type: 'thinking', thinking: '', signature: '' },
  ]);
});

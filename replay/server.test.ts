import type Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { post, say, serve } from './fixtures/serve.ts';
import type { Answer, MessagesRequest } from './protocol.ts';
import { blocksOf } from './rules/rule.ts';

const ask = { model: 'any', max_tokens: 1000, messages: [{ role: 'user' as const, content: 'Hello' }] };
describe('the Messages API server, seen through the official client', () => {
  it('answers whole messages', async () => {
    const { client } = await serve(() => ({ ...say('Good evening'), model: 'offline-replay' }));
    const message = await client.messages.create(ask);
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'offline-replay',
      content: [{ type: 'text', text: 'Good evening' }],
      stop_reason: 'end_turn',
    });
    expect(message.id).toMatch(/^msg_/);
    expect(message.usage.input_tokens).toBeGreaterThan(0);
    expect(message.usage.output_tokens).toBeGreaterThan(0);
  });

  it('streams text and tool calls in the order of the API', async () => {
    const words = `${'naïve 🙂 '.repeat(150)}end`;
    const input = { path: 'sae/a.ts', file_text: 'const a = "ü";\n'.repeat(80) };
    const { client } = await serve(() => ({
      content: [
        { type: 'text', text: words },
        { type: 'tool_use', name: 'edit', input },
      ],
    }));
    const types: string[] = [];
    const stream = client.beta.messages.stream(ask);
    stream.on('streamEvent', (event) => types.push(event.type));
    const message = await stream.finalMessage();
    expect(message.content).toMatchObject([
      { type: 'text', text: words },
      { type: 'tool_use', name: 'edit', input },
    ]);
    expect(message.stop_reason).toBe('tool_use');
    const order = types.filter((type, i) => type !== types[i - 1]);
    expect(order).toEqual([
      'message_start',
      ...['content_block_start', 'content_block_delta', 'content_block_stop'],
      ...['content_block_start', 'content_block_delta', 'content_block_stop'],
      'message_delta',
      'message_stop',
    ]);
    expect(types.filter((type) => type === 'content_block_delta').length).toBeGreaterThan(4);
    expect(message.usage.output_tokens).toBeGreaterThan(words.length / 8);
  });

  it('drives the tool runner: calls, results and the whole history on each request', async () => {
    const seen: MessagesRequest[] = [];
    const { client } = await serve((request) => {
      seen.push(request);
      if (seen.length === 1) return { content: [{ type: 'tool_use', name: 'add', input: { a: 2, b: 3 } }] };
      return say('done');
    });
    const runner = client.beta.messages.toolRunner(
      {
        ...ask,
        stream: true,
        thread: false,
        tools: [
          betaZodTool({
            name: 'add',
            description: 'adds',
            inputSchema: z.object({ a: z.number(), b: z.number() }),
            run: ({ a, b }) => String(a + b),
          }),
        ],
      },
      { headers: { 'anthropic-beta': 'files-api-2025-04-14' } },
    );
    const last = await runner.runUntilDone();
    expect(last.content).toMatchObject([{ type: 'text', text: 'done' }]);
    expect(seen).toHaveLength(2);
    const history = seen.at(-1)?.messages ?? [];
    expect(history.map((message) => message.role)).toEqual(['user', 'assistant', 'user']);
    const [, reply, answer] = history;
    const [call] = blocksOf(reply?.content ?? []);
    expect(call).toMatchObject({ type: 'tool_use', id: expect.any(String) });
    expect(answer?.content).toMatchObject([{ type: 'tool_result', tool_use_id: call?.id, content: '5' }]);
  });

  it('counts tokens without asking anybody', async () => {
    const { client } = await serve(() => {
      throw new Error('not to be asked');
    });
    const count = await client.messages.countTokens({ model: 'any', messages: ask.messages });
    expect(count.input_tokens).toBeGreaterThan(0);
  });
});

describe('errors in the API’s own shape', () => {
  it('refuses other paths, bodies that are not JSON and requests without messages', async () => {
    const { url, server } = await serve(() => say('unused'));
    expect(await post(url, '{}', { path: '/v1/complete' })).toMatchObject({
      status: 404,
      type: 'error',
      error: { type: 'not_found_error' },
    });
    expect(await post(url, '{')).toMatchObject({ status: 400, error: { type: 'invalid_request_error' } });
    expect(await post(url, { ...ask, messages: [] }, { path: '/v1/messages' })).toMatchObject({
      status: 400,
      error: { message: expect.stringMatching(/^messages: /) },
    });
    expect((await fetch(`${url}/v1/messages`)).status).toBe(404);
    expect(server.violations).toHaveLength(2);
  });

  it('wants to know the version that is spoken', async () => {
    const { url } = await serve(() => say('unused'));
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': 'k' },
      body: JSON.stringify(ask),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { message: 'anthropic-version: header is required' },
      request_id: response.headers.get('request-id'),
    });
  });

  it('takes 32 MB and no more', async () => {
    const { client, url } = await serve(() => say('fine'));
    const content = 'w'.repeat(32 * 2 ** 20 - 1000);
    expect(await post(url, { ...ask, messages: [{ role: 'user', content }] })).toMatchObject({ status: 200 });
    const messages = [{ role: 'user' as const, content: `${content}${'w'.repeat(1000)}` }];
    await expect(client.beta.messages.create({ ...ask, messages })).rejects.toMatchObject({
      status: 413,
      type: 'request_too_large',
    });
  });

  it('asks the script only about requests that break no rule', async () => {
    let asked = 0;
    const { url } = await serve(() => {
      asked++;
      return say('fine');
    });
    await post(url, { ...ask, messages: [{ role: 'user', content: '' }] });
    await post(url, ask);
    expect(asked).toBe(1);
  });

  it('acts out HTTP errors, and turns an exception into a 500', async () => {
    const answers: Answer[] = [
      { status: 529, type: 'overloaded_error', message: 'Overloaded', headers: { 'retry-after': '7' } },
      { status: 502, type: '', message: '', body: '<html>bad gateway</html>' },
    ];
    const { client } = await serve(() => {
      const next = answers.shift();
      if (!next) throw new Error('a bug in the walk');
      return next;
    });
    const failure = () =>
      client.messages.create(ask).catch((error: unknown) => error as InstanceType<typeof Anthropic.APIError>);
    const overloaded = (await failure()) as InstanceType<typeof Anthropic.APIError>;
    expect(overloaded).toMatchObject({ status: 529, type: 'overloaded_error' });
    expect(overloaded.headers?.get('retry-after')).toBe('7');
    expect(await failure()).toMatchObject({ status: 502 });
    expect(await failure()).toMatchObject({
      status: 500,
      message: expect.stringContaining('a bug in the walk'),
    });
  });
});

describe('streams that go wrong', () => {
  const broken = (kind: 'disconnect' | 'close' | 'silence' | 'error'): Answer => ({
    content: [{ type: 'text', text: 'half a sentence' }],
    trouble: { afterEvents: 4, kind },
  });

  it.each(['disconnect', 'close'] as const)(
    'cuts the connection after what was sent before: %s',
    async (kind) => {
      const { client } = await serve(() => broken(kind));
      const stream = client.beta.messages.stream(ask);
      let heard = '';
      stream.on('text', (delta) => {
        heard += delta;
      });
      await expect(stream.finalMessage()).rejects.toThrow();
      expect(heard).toBe('half a sentence');
    },
  );

  it('closes the connection only after the client has every event, large ones too', async () => {
    const text = { type: 'text', text: 'x'.repeat(300_000) };
    const { client } = await serve(() => ({
      content: [text, { type: 'text', text: 'last' }],
      trouble: { afterEvents: 2 + 752 + 3, kind: 'close' },
    }));
    const stream = client.beta.messages.stream(ask);
    await expect(stream.finalMessage()).rejects.toThrow();
    expect(stream.currentMessage?.content).toMatchObject([text, { type: 'text', text: 'last' }]);
  });

  it('sends an error event in mid-stream', async () => {
    const { client } = await serve(() => broken('error'));
    await expect(client.beta.messages.stream(ask).finalMessage()).rejects.toMatchObject({
      type: 'overloaded_error',
    });
  });

  it('falls silent until the client leaves', async () => {
    const { client } = await serve(() => broken('silence'));
    const stream = client.beta.messages.stream(ask);
    const outcome = stream.finalMessage().then(
      () => 'finished',
      () => 'aborted',
    );
    const waited = new Promise((resolve) => setTimeout(() => resolve('silent'), 200));
    expect(await Promise.race([outcome, waited])).toBe('silent');
    stream.abort();
    expect(await outcome).toBe('aborted');
  });

  it('acts out a tool call that max_tokens cut', async () => {
    const { client } = await serve(() => ({
      content: [{ type: 'tool_use', name: 'edit', input: {}, partialJson: '{"path": "sae/a' }],
      stopReason: 'max_tokens',
    }));
    const message = await client.beta.messages.stream(ask).finalMessage();
    expect(message.stop_reason).toBe('max_tokens');
    expect(message.content[0]).toMatchObject({ type: 'tool_use', name: 'edit' });
  });
});

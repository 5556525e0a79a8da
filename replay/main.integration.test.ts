import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import Anthropic from '@anthropic-ai/sdk';
import { expect, it } from 'vitest';
import { assistant, post, result, say, serve, user } from './fixtures/serve.ts';

type Asked = Parameters<Anthropic['beta']['messages']['create']>[0] & { stream?: false };

it('prints its address, answers the official client and ends with its standard input', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'replay/main.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const { url } = JSON.parse(String(line)) as { url: string };
    const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 });
    const message = await client.beta.messages
      .stream({
        model: 'offline-replay',
        max_tokens: 1000,
        messages: [{ role: 'user', content: 'Follow the instructions in TASK.md.' }],
      })
      .finalMessage();
    expect(message).toMatchObject({ model: 'offline-replay', stop_reason: 'tool_use' });
    expect(message.content).toMatchObject([
      { type: 'text', text: expect.stringContaining('no model') },
      { type: 'tool_use', name: 'read_results', input: {} },
    ]);
    // A signature that one process made is valid in another.
    const ask = { model: 'claude-opus-5-5', max_tokens: 1000, system: 'Replay.', messages: [user('Begin.')] };
    const { content } = await client.beta.messages.create(ask as Asked);
    const calls = content.filter(({ type }) => type === 'tool_use') as { id: string }[];
    const history = [user('Begin.'), assistant(content), user(calls.map(({ id }) => result(id)))];
    const here = await serve(() => say('fine'));
    expect(content[0]).toMatchObject({ type: 'thinking' });
    expect(await post(here.url, { ...ask, messages: history })).toMatchObject({ status: 200 });
    expect(await post(here.url, { ...ask, system: 'Play.', messages: history })).toMatchObject({
      status: 400,
    });
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

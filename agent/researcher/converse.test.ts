import { describe, expect, it } from 'vitest';
import type { Answer, MessagesRequest } from '#replay/protocol';
import { finishing, type Script, say, talk, use } from './fixtures/talk.ts';
import { inputOf } from './prices.ts';

describe('a conversation', () => {
  it('runs tools until finish_sprint, makes no call after it, and sends the whole history each time', async () => {
    const t = await talk((_, n) =>
      n === 0 ? { content: [say('I note.'), use('note', { text: 'a' })] } : finishing(),
    );
    expect(t.ending).toEqual({ kind: 'finished' });
    expect(t.ran).toEqual(['note a', 'finish']);
    expect(t.requests.map((r) => r.messages.length)).toEqual([1, 3]);
    expect(t.requests[1]).toMatchObject({ stream: true, model: 'claude-haiku-5-5', max_tokens: 1000 });
    expect(t.requests[1]).not.toHaveProperty('thread');
    expect(JSON.stringify(t.requests[0])).toContain('"cache_control":{"type":"ephemeral","ttl":"5m"}');
    expect(t.written.map((m) => m.role)).toEqual(['assistant', 'user', 'assistant', 'user']);
    // Between calls the summarised thinking shows the progress.
    expect(t.turns.map((turn) => turn.message.text)).toEqual(['I note.', expect.stringMatching(/\w/)]);
    expect(t.mismatches).toBe(0);
    expect(t.turns.every((turn) => turn.usd > 0)).toBe(true);
  });

  it('gives errors of tools, unknown tools and malformed input back as error results, and parallel calls all their results', async () => {
    const t = await talk((_, n) =>
      n === 0
        ? { content: [use('note', { text: 'a' }), use('fail'), use('nothing'), use('note', { text: 7 })] }
        : finishing(),
    );
    const results = t.messages[2].content as { is_error?: boolean; content: string }[];
    expect(results.map((r) => r.is_error ?? false)).toEqual([false, true, true, true]);
    expect(JSON.stringify(results[1].content)).toContain('it is broken');
  });

  it('ends silent when the model stops by itself, and at the limits', async () => {
    expect((await talk(() => ({ content: [say('Enough.')] }))).ending).toEqual({
      kind: 'silent',
      text: 'Enough.',
    });
    const endless: Script = () => ({ content: [use('note')] });
    const turns = await talk(endless, { maxTurns: 3 });
    expect(turns.ending).toMatchObject({ kind: 'limit', code: 'turns' });
    expect(turns.requests).toHaveLength(3);
    let calls = 0;
    const money = await talk(endless, {
      mayCall: () => (++calls > 2 ? { code: 'money' as const, reason: 'no money' } : null),
    });
    expect(money.ending).toEqual({ kind: 'limit', code: 'money', reason: 'no money' });
    expect(money.requests).toHaveLength(2);
  });

  it('finishes the turn with its tools when it is asked to stop', async () => {
    const t = await talk(() => ({ content: [use('note')] }), {
      stopRequested: (() => {
        let asked = 0;
        return () => (++asked > 1 ? 'Ctrl-C' : null);
      })(),
    });
    expect(t.ending).toEqual({ kind: 'stopped', reason: 'Ctrl-C' });
    expect(t.ran).toEqual(['note']);
    expect(t.messages.at(-1)?.role).toBe('user');
  });

  const hinting = (n = 1) => {
    const hints = Array.from({ length: n }, (_, i) => [`Hint ${i}.`]);
    return () => hints.shift() ?? [];
  };
  const lastTwo = (t: { requests: MessagesRequest[] }, n: number) =>
    t.requests[n].messages
      .slice(-2)
      .map(({ role, content }) => [role, (content as { type: string }[]).map((b) => b.type)]);

  it('says hints after the tool results, as a message of the system', async () => {
    const t = await talk((_, n) => (n === 0 ? { content: [use('note')] } : finishing()), {
      hints: hinting(),
    });
    expect(t.ending.kind).toBe('finished');
    expect(lastTwo(t, 1)).toEqual([
      ['user', ['tool_result']],
      ['system', ['text']],
    ]);
  });

  it('says them beside the results where such messages are not known', async () => {
    const script: Script = (_, n) => (n < 3 ? { content: [use('note')] } : finishing());
    const t = await talk(script, { hints: hinting(2), server: { refuses: ['messages.role.system'] } });
    expect(t.ending.kind).toBe('finished');
    // The first hint was refused, and came with the next results. Nothing was lost, nothing was said twice.
    const said = JSON.stringify(t.messages);
    for (const hint of ['Hint 0.', 'Hint 1.']) expect(said.split(hint)).toHaveLength(2);
    expect(t.messages.every(({ role }) => role !== 'system')).toBe(true);
    expect(t.written).toEqual(t.messages.slice(1));
    expect(t.reached.lacks.has('system')).toBe(true);
    expect(t.notices).toHaveLength(1);
  });

  it('says nothing beside results while a server tool is pending, and says it later', async () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } };
    const t = await talk(
      (_, n) =>
        n === 0 ? { content: [search, use('note')] } : n === 1 ? { content: [use('note')] } : finishing(),
      { web: true, hints: hinting() },
    );
    expect(t.ending.kind).toBe('finished');
    expect(lastTwo(t, 1)[1]).toEqual(['user', ['tool_result']]);
    expect(lastTwo(t, 2)).toEqual([
      ['user', ['tool_result']],
      ['system', ['text']],
    ]);
    expect(t.mismatches).toBe(0);
  });

  it('tells a researcher whose call is refused again and again what to do, and closes after five', async () => {
    const t = await talk(() => ({ content: [use('fail')] }));
    expect(t.ending).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^fail was refused five times/),
    });
    expect(t.requests).toHaveLength(5);
    expect(lastTwo(t, 3)[1]).toEqual(['system', ['text']]);
  });

  it('marks the end of the last request after a turn of many calls, and no more than four places', async () => {
    const many = Array.from({ length: 12 }, (_, i) => use('note', { text: `${i}` }));
    const t = await talk((_, n) => (n < 3 ? { content: many } : finishing()));
    const marks = (request: MessagesRequest) => JSON.stringify(request).split('"cache_control"').length - 1;
    expect(t.requests.map(marks)).toEqual([2, 3, 3, 3]);
    expect(t.turns[3].usage.cacheReadTokens).toBeGreaterThan(0.8 * inputOf(t.turns[2].usage));
  });
});

describe('a gateway that does not know everything', () => {
  it.each([
    ['thinking.display', 'display'],
    ['thinking.block_binding', 'binding'],
    ['thinking-binding-controls-2026-08-01', 'binding'],
    ['output_config', 'effort'],
    ['context_management', 'clearing'],
    ['cache_control.ttl', 'hour'],
    ['cache_control', 'autoCache'],
    ['mid-conversation-tool-changes-2026-07-01', 'toolChanges'],
  ] as const)('is asked once for %s, and then without it', async (refused, feature) => {
    const script: Script = (_, n) => (n === 0 ? { content: [use('note')] } : finishing());
    const t = await talk(script, { web: true, lacks: [], server: { refuses: [refused] } });
    expect(t.ending.kind).toBe('finished');
    expect([...t.reached.lacks]).toContain(feature);
    expect(t.notices).toHaveLength(1);
    expect(t.free).toHaveLength(1);
    expect(t.waits).toEqual([]);
  });

  it('is asked without the web in a conversation that is opened anew, and fails one that has begun', async () => {
    const first = await talk(() => finishing(), { web: true, server: { refuses: ['web_search_20260318'] } });
    expect(first.ending).toMatchObject({ kind: 'reopen' });
    expect(first.reached.lacks.has('web')).toBe(true);
    const refusal: Answer = {
      status: 403,
      type: 'permission_error',
      message: 'Web search is not enabled for this organization.',
    };
    const later = await talk((_, n) => (n === 0 ? { content: [use('note')] } : refusal), { web: true });
    expect(later.ending).toEqual({
      kind: 'failed',
      reason: 'the API refuses web search and fetch, during a conversation',
    });
  });
});

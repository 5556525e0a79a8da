import { describe, expect, it } from 'vitest';
import type { Answer, MessagesRequest } from '#replay/protocol';
import { finishing, say, talk, use } from './fixtures/talk.ts';
import { costOf, priceOf } from './prices.ts';

const fallback = { model: 'claude-sonnet-5-5', price: priceOf('claude-sonnet-5-5') };
const refusal: Answer = { content: [say('I had begun')], stopReason: 'refusal' };

describe('a refusal', () => {
  it('is asked once more of the fallback model, which stays at the wheel and is paid its own price', async () => {
    const t = await talk(
      ({ model }, n) =>
        model === 'claude-haiku-5-5' ? refusal : n === 1 ? { content: [use('note')] } : finishing(),
      { connection: { fallback }, web: true },
    );
    expect(t.ending.kind).toBe('finished');
    expect(t.requests.map((r) => r.model)).toEqual(['claude-haiku-5-5', fallback.model, fallback.model]);
    // The refused reply is not sent to the fallback; its tools are the same.
    expect(t.requests[1].messages).toEqual(t.requests[0].messages);
    expect(t.requests[1].tools).toEqual(t.requests[0].tools);
    expect(t.models).toEqual([fallback.model]);
    expect(t.turns[1].usd).toBeCloseTo(costOf(t.turns[1].usage, fallback.price), 12);
    expect(t.notices[0]).toBe('the model refused: I had begun; claude-sonnet-5-5 is asked once more');
  });

  it('of the fallback too, or without one, is the end of the sprint', async () => {
    const twice = await talk(() => refusal, { connection: { fallback } });
    expect(twice.ending).toEqual({ kind: 'failed', reason: 'the model refused: I had begun' });
    expect(twice.requests).toHaveLength(2);
    const once = await talk(() => ({ content: [], stopReason: 'refusal' }));
    expect(once.ending).toEqual({ kind: 'failed', reason: 'the model refused: it gave no reason' });
  });

  it('is no matter of money before it comes: the fallback is asked where it can be paid', async () => {
    const alone = await talk(() => finishing());
    const both = await talk(() => finishing(), { connection: { fallback } });
    expect(both.reserves[0]).toEqual(alone.reserves[0]);
    let calls = 0;
    const poor = await talk(() => refusal, {
      connection: { fallback },
      mayCall: () => (++calls > 1 ? { code: 'money', reason: 'no money' } : null),
    });
    expect(poor.ending).toEqual({ kind: 'limit', code: 'money', reason: 'no money' });
    expect(poor.requests).toHaveLength(1);
  });

  it('in a turn that waits for a search is asked again with nothing else said', async () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } };
    const t = await talk(
      (_, n) => (n === 0 ? { content: [search], stopReason: 'pause_turn' } : n === 1 ? refusal : finishing()),
      { connection: { fallback }, web: true },
    );
    expect(t.ending.kind).toBe('finished');
    expect(t.requests[2].messages).toEqual(t.requests[1].messages);
  });

  it('leaves the word with the fallback when the conversation is taken up again', async () => {
    const t = await talk(() => finishing(), { connection: { fallback }, model: fallback.model });
    expect(t.requests.map((r) => r.model)).toEqual([fallback.model]);
  });
});

describe('a context that is full', () => {
  const full: Answer = {
    content: [{ ...use('note'), id: 'toolu_cut' }],
    stopReason: 'model_context_window_exceeded',
  };
  const tooLong: Answer = {
    status: 400,
    type: 'invalid_request_error',
    message: 'prompt is too long: 210000 tokens > 200000 maximum',
  };

  it.each([
    ['in a reply', full],
    ['in a request', tooLong],
  ])('%s: room is made, the closing words are asked for, and they can be said', async (_, answer) => {
    const t = await talk((_, n) => (n === 0 ? { content: [use('note')] } : n === 1 ? answer : finishing()), {
      lacks: [],
    });
    expect(t.ending.kind).toBe('finished');
    expect(JSON.stringify(t.requests[2].messages.slice(-2))).toContain('then call finish_sprint');
    expect(t.requests[2].context_management).toMatchObject({
      edits: [{ type: 'clear_tool_uses_20250919', keep: { value: 1 }, clear_tool_inputs: true }],
    });
    expect(t.ran).toEqual(['note', 'finish']);
    expect(t.notices).toEqual([
      "the model's context window is full: the researcher is asked to finish the sprint",
    ]);
  });

  it('asks for the closing words later where a message of ours came last', async () => {
    const hints = [['A hint.']];
    const script = (_: MessagesRequest, n: number): Answer =>
      n === 0
        ? { content: [use('note')] }
        : n === 1
          ? tooLong
          : n === 2
            ? { content: [use('note')] }
            : finishing();
    const t = await talk(script, { lacks: [], hints: () => hints.shift() ?? [] });
    expect(t.ending.kind).toBe('finished');
    expect(JSON.stringify(t.requests[2].messages)).not.toContain('then call finish_sprint');
    expect(JSON.stringify(t.requests[3].messages.at(-1))).toContain('then call finish_sprint');
  });

  it('answers the calls that it cut, and ends the sprint the second time', async () => {
    const t = await talk(() => full);
    expect(t.ending).toEqual({
      kind: 'limit',
      code: 'context',
      reason: "the model's context window is full",
    });
    expect(t.requests).toHaveLength(2);
    expect(t.requests[1].messages.slice(-2)).toMatchObject([
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_cut', is_error: true }] },
      { role: 'system', content: [{ type: 'text' }] },
    ]);
  });
});

describe('a long conversation', () => {
  it('asks the server to clear old tool results, and to summarise what that cannot shorten', async () => {
    const t = await talk(() => finishing(), { lacks: [] });
    expect(t.requests[0].context_management).toMatchObject({
      edits: [
        { type: 'clear_tool_uses_20250919', trigger: { type: 'input_tokens', value: 100_000 } },
        { type: 'compact_20260112', trigger: { type: 'input_tokens', value: 150_000 } },
      ],
    });
    expect(t.headers[0]['anthropic-beta']).toContain('context-management-2025-06-27');
    expect(t.headers[0]['anthropic-beta']).toContain('compact-2026-01-12');
  });

  it('sends a summary back where it stood, with all that was said before, and pays for it', async () => {
    const summary = { type: 'compaction', content: 'What was found so far.', encrypted_content: 'abc' };
    const usage = {
      input_tokens: 3000,
      output_tokens: 20,
      iterations: [
        { type: 'compaction', input_tokens: 151_000, output_tokens: 900 },
        { type: 'message', input_tokens: 3000, output_tokens: 20 },
      ],
    };
    const t = await talk(
      (_, n) =>
        n === 0
          ? { content: [use('note', { text: 'early' })] }
          : n === 1
            ? { content: [summary, use('note')], usage }
            : finishing(),
      { lacks: [] },
    );
    expect(t.requests[2].messages).toHaveLength(5);
    expect(t.requests[2].messages[3].content).toEqual(
      expect.arrayContaining([expect.objectContaining(summary)]),
    );
    expect(t.written).toHaveLength(t.messages.length - 1);
    expect(t.turns[1].usage).toMatchObject({ inputTokens: 154_000, outputTokens: 920 });
    // The next call is reserved by what it reads, not by what was summarised.
    expect(t.reserves[2].tokens).toBeLessThan(10_000);
  });

  it.each([
    ['context_management: Extra inputs are not permitted', []],
    ['compact_20260112 is not supported by claude-haiku-5-5', ['clear_tool_uses_20250919']],
  ])('goes on without what the API does not know: %s', async (message, left) => {
    const t = await talk(
      (_, n) => (n === 0 ? { status: 400, type: 'invalid_request_error', message } : finishing()),
      { lacks: [] },
    );
    expect(t.ending.kind).toBe('finished');
    const { context_management } = t.requests[1] as { context_management?: { edits: { type: string }[] } };
    expect(context_management?.edits.map((edit) => edit.type) ?? []).toEqual(left);
    expect(t.headers[1]['anthropic-beta'] ?? '').not.toContain('compact');
  });
});

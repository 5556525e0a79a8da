import { describe, expect, it } from 'vitest';
import { finishing, type Script, say, talk, use } from './fixtures/talk.ts';

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
    expect(t.turns.map((turn) => turn.message.text)).toEqual(['I note.', '']);
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
    expect(turns.ending).toMatchObject({ kind: 'limit', of: 'sprint' });
    expect(turns.requests).toHaveLength(3);
    let calls = 0;
    const money = await talk(endless, {
      mayCall: () => (++calls > 2 ? { of: 'loop' as const, reason: 'no money' } : null),
    });
    expect(money.ending).toEqual({ kind: 'limit', of: 'loop', reason: 'no money' });
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

  it('puts hints beside the tool results', async () => {
    const hints = [['Try sorting.'], []];
    const t = await talk((_, n) => (n === 0 ? { content: [use('note')] } : finishing()), {
      hints: () => hints.shift() ?? [],
    });
    const last = t.requests[1].messages.at(-1)?.content as { type: string; text?: string }[];
    expect(last.map((b) => b.type)).toEqual(['tool_result', 'text']);
    expect(last[1].text).toBe('Try sorting.');
    expect(t.ending.kind).toBe('finished');
  });
});

import { describe, expect, it } from 'vitest';
import { nextTurn, type Script, use } from './script.ts';
import { readTranscript } from './transcript.ts';

function* greeting(): Script {
  const name = yield* use('ask', { question: 'name' }, 'Who is there?');
  if (name.isError) return 'Nobody answers.';
  const mood = yield* use('ask', { question: `How is ${name.text}?` });
  return `${name.text} is ${mood.text}.`;
}

const exchange = (question: string, text: string, isError = false) => ({
  name: 'ask',
  input: { question },
  result: { text, isError },
});

describe('a script against a transcript', () => {
  it('goes on where the transcript ends', () => {
    expect(nextTurn(greeting(), [])).toEqual([
      { type: 'text', text: 'Who is there?' },
      { type: 'tool_use', name: 'ask', input: { question: 'name' } },
    ]);
    expect(nextTurn(greeting(), [exchange('name', 'Ada')])).toEqual([
      { type: 'tool_use', name: 'ask', input: { question: 'How is Ada?' } },
    ]);
    const whole = [exchange('name', 'Ada'), exchange('How is Ada?', 'well')];
    expect(nextTurn(greeting(), whole)).toEqual([{ type: 'text', text: 'Ada is well.' }]);
    expect(nextTurn(greeting(), [exchange('name', 'no such tool', true)])).toEqual([
      { type: 'text', text: 'Nobody answers.' },
    ]);
  });

  it('makes a call again that was cut off before its result', () => {
    const cut = { name: 'ask', input: { question: 'name' }, result: null };
    expect(nextTurn(greeting(), [cut])).toEqual(nextTurn(greeting(), []));
    expect(nextTurn(greeting(), [cut, exchange('name', 'Ada')])).toEqual(
      nextTurn(greeting(), [exchange('name', 'Ada')]),
    );
  });

  it('says so when the conversation is somebody else’s', () => {
    const [block] = nextTurn(greeting(), [{ name: 'bash', input: {}, result: { text: '', isError: false } }]);
    expect(block).toMatchObject({ type: 'text', text: expect.stringContaining('bash') });
  });
});

describe('reading a transcript', () => {
  it('pairs calls with results, and keeps what was told before the first answer', () => {
    const transcript = readTranscript({
      system: [{ type: 'text', text: 'You are a researcher.' }],
      messages: [
        { role: 'user', content: 'Follow the instructions in TASK.md.' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Looking.' },
            { type: 'tool_use', id: 'b', name: 'bash', input: { command: 'ls' } },
            { type: 'tool_use', id: 'c', name: 'read_results', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'none yet' }] },
            { type: 'tool_result', tool_use_id: 'b', content: 'denied', is_error: true },
            { type: 'text', text: 'A hint.' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'd', name: 'bash', input: {} }] },
      ],
    });
    expect(transcript.prompt).toBe('You are a researcher.\n\nFollow the instructions in TASK.md.');
    expect(transcript.exchanges).toEqual([
      { name: 'bash', input: { command: 'ls' }, result: { text: 'denied', isError: true } },
      { name: 'read_results', input: {}, result: { text: 'none yet', isError: false } },
      { name: 'bash', input: {}, result: null },
    ]);
  });
});

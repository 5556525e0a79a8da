import { describe, expect, it } from 'vitest';
import { contentOf } from '#contract/answer';
import { nextTurn, type Script, use } from './script.ts';
import { exchangesOf } from './transcript.ts';

function* greeting(): Script {
  const name = yield* use('ask', { question: 'name' }, 'Who is there?');
  if (name.isError) return 'Nobody answers.';
  const mood = yield* use('ask', { question: `How is ${name.text}?` });
  return `${name.text} is ${mood.text}.`;
}

const exchange = (question: string, text: string, isError = false) => ({
  name: 'ask',
  input: { question },
  result: { text, fields: null, isError },
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

  it('makes a call again during which the loop was cut off, by the field that says so and no word', () => {
    const cut = {
      ...exchange('name', 'whatever it says'),
      result: { text: '', fields: { cutOff: true }, isError: true },
    };
    expect(nextTurn(greeting(), [cut])).toEqual([
      { type: 'text', text: 'The loop was cut off during this call: making it again.' },
      { type: 'tool_use', name: 'ask', input: { question: 'name' } },
    ]);
    const words = exchange('name', 'The loop was cut off during this call and started again.', true);
    expect(nextTurn(greeting(), [words])).toEqual([{ type: 'text', text: 'Nobody answers.' }]);
  });

  it('says so when the conversation is somebody else’s', () => {
    const [block] = nextTurn(greeting(), [
      { name: 'bash', input: {}, result: { text: '', fields: null, isError: false } },
    ]);
    expect(block).toMatchObject({ type: 'text', text: expect.stringContaining('bash') });
  });
});

describe('reading a transcript', () => {
  it('pairs calls with results, and tells fields from words', () => {
    const exchanges = exchangesOf({
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
            {
              type: 'tool_result',
              tool_use_id: 'c',
              content: contentOf({ words: 'none yet', fields: { ledger: [] } }),
            },
            { type: 'tool_result', tool_use_id: 'b', content: 'denied', is_error: true },
            { type: 'text', text: 'A hint.' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'd', name: 'bash', input: {} }] },
      ],
    });
    expect(exchanges).toEqual([
      { name: 'bash', input: { command: 'ls' }, result: { text: 'denied', fields: null, isError: true } },
      {
        name: 'read_results',
        input: {},
        result: { text: 'none yet', fields: { ledger: [] }, isError: false },
      },
      { name: 'bash', input: {}, result: null },
    ]);
  });
});

import type { BetaContentBlockParam, BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { describe, expect, it } from 'vitest';
import { prompt } from './fixtures/talk.ts';
import { History, sendable } from './history.ts';

function historyOf(...messages: BetaMessageParam[]) {
  const disk = [...messages];
  const history = new History([...messages], {
    record: (message) => disk.push(message),
    retract: () => disk.pop(),
  });
  return { history, disk, roles: () => history.messages.map(({ role }) => role) };
}
const reply = (...content: object[]): BetaMessageParam => ({
  role: 'assistant',
  content: content as BetaContentBlockParam[],
});
const text = (words: string) => ({ type: 'text', text: words });
const call = { type: 'tool_use', id: 'toolu_1', name: 'note', input: {} };
const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} };
const found = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] };
const result = { type: 'tool_result' as const, tool_use_id: 'toolu_1', content: 'noted' };

describe('what is said in mid-conversation', () => {
  it('follows results as a message of the system, or stands beside them', () => {
    const one = historyOf(prompt('Begin.'), reply(call));
    one.history.answerCalls([result]);
    expect(one.history.tell(['Try sorting.'])).toBe(true);
    expect(one.roles()).toEqual(['user', 'assistant', 'user', 'system']);
    const other = historyOf(prompt('Begin.'), reply(call));
    other.history.answerCalls([result], ['Try sorting.']);
    expect(other.history.messages.at(-1)?.content).toEqual([result, text('Try sorting.')]);
    for (const { history, disk } of [one, other]) expect(disk).toEqual(history.messages);
  });

  it('waits while a server tool is pending', () => {
    const { history, roles } = historyOf(prompt('Begin.'), reply(search, call));
    expect(history.pendingTools).toEqual(['web_search']);
    expect(() => history.answerCalls([result], ['Try sorting.'])).toThrow();
    history.answerCalls([result]);
    expect(history.say('Go on.', true)).toBe(false);
    expect(history.tell(['No money.'], true)).toBe(false);
    expect(roles()).toEqual(['user', 'assistant', 'user']);
    history.add(reply(found, call));
    expect(history.pending).toBe(false);
  });

  it('is one message of the system at a time, and after an assistant one of the user', () => {
    const { history, roles } = historyOf(prompt('Begin.'));
    expect(history.say('One.', true)).toBe(true);
    expect(history.say('Two.', true)).toBe(false);
    expect(history.tell(['Two.'])).toBe(false);
    history.add(reply(text('Yes.')));
    expect(history.say('Three.', true)).toBe(true);
    expect(roles()).toEqual(['user', 'system', 'assistant', 'user']);
    expect(history.say('Four.', false)).toBe(true);
    expect(roles().at(-1)).toBe('user');
  });

  it('is taken back where the API refused it', () => {
    const { history, disk } = historyOf(prompt('Begin.'), reply(call));
    expect(history.retractSystem('any')).toBeNull();
    history.answerCalls([result]);
    history.tell(['Try sorting.']);
    expect(history.retractSystem('withdrawal')).toBeNull();
    expect(history.retractSystem('any')).toEqual(['Try sorting.']);
    history.tell(['No money.', 'Try sorting.'], true);
    // The web stays, so its withdrawal is not announced any more.
    expect(history.retractSystem('withdrawal')).toEqual(['Try sorting.']);
    expect(history.webWithdrawn).toBe(false);
    expect(disk).toEqual(history.messages);
  });
});

it('knows for good that the web was withdrawn', () => {
  const { history } = historyOf(prompt('Begin.'), reply(text('Hm.')), prompt('Go on.'));
  expect(history.webWithdrawn).toBe(false);
  expect(history.tell(['No money.'], true)).toBe(true);
  expect(history.webWithdrawn).toBe(true);
  expect(new History(history.messages, history.keep).webWithdrawn).toBe(true);
});

describe('a reply that is sent back', () => {
  const thinking = (signature = 's') =>
    ({ type: 'thinking', thinking: '', signature }) as BetaContentBlockParam;
  const words = (text: string) => ({ type: 'text', text }) as BetaContentBlockParam;
  it('is whole, empty thinking included', () => {
    const content = [thinking(), words('I see.'), call as BetaContentBlockParam];
    expect(sendable(content)).toEqual(content);
  });
  it('leaves out empty texts, and the thinking that is bound to them', () => {
    expect(sendable([words(''), words('I see.')])).toEqual([words('I see.')]);
    const before = thinking('before');
    expect(sendable([before, words(' \n'), thinking('after'), words('I see.')])).toEqual([
      before,
      words('I see.'),
    ]);
  });
  it('leaves out thinking that was cut before it was signed', () => {
    expect(sendable([words('I see.'), thinking('')])).toEqual([words('I see.')]);
    expect(sendable([thinking('')])).toEqual([]);
  });
});

import { expect, it } from 'vitest';
import type { Answer } from '#replay/protocol';
import { finishing, say, talk, use } from './fixtures/talk.ts';
import { priceOf } from './prices.ts';
import { worstUsage } from './reserve.ts';

/** The blocks of a search, as the server runs it within a reply. */
const search = (id: string) => [
  { type: 'server_tool_use', id, name: 'web_search', input: { query: 'sparse coding' } },
  {
    type: 'web_search_tool_result',
    tool_use_id: id,
    content: [
      { type: 'web_search_result', title: 'A page', url: 'https://example.org', encrypted_content: 'x' },
    ],
  },
];
const searched = (...ids: string[]): Answer => ({
  content: [...ids.flatMap(search), use('note')],
  usage: { server_tool_use: { web_search_requests: ids.length, web_fetch_requests: 0 } },
});
const names = (tools: readonly { name?: string }[] | undefined) => tools?.map((tool) => tool.name) ?? [];

it('offers search and fetch with bounded uses, pays for them, and sends back what they found as it came', async () => {
  const t = await talk((_, n) => (n === 0 ? searched('srvtoolu_1') : finishing()), {
    connection: { web: true },
  });
  expect(t.ending.kind).toBe('finished');
  expect(t.requests[0].tools?.slice(-2)).toEqual([
    { type: 'web_search_20260318', name: 'web_search', max_uses: 2, allowed_callers: ['direct'] },
    {
      type: 'web_fetch_20260318',
      name: 'web_fetch',
      max_uses: 2,
      max_content_tokens: 10_000,
      allowed_callers: ['direct'],
      blocked_domains: ['arxiv.org/pdf'],
    },
  ]);
  expect(t.requests[1].messages[1].content.slice(0, 2)).toEqual(search('srvtoolu_1'));
  expect(t.turns[0].usage.webSearches).toBe(1);
  expect(t.turns[0].usd).toBeGreaterThan(0.01);
  const plain = await talk(() => finishing());
  expect(names(plain.requests[0].tools)).toEqual(['note', 'fail', 'finish']);
});

it('goes on without the web when a call with it could exceed the limit, and says so once', async () => {
  const t = await talk((_, n) => (n < 2 ? { content: [use('note')] } : finishing()), {
    connection: { web: true, model: 'claude-opus-5-5', price: priceOf('claude-opus-5-5') },
    mayCall: ({ usd }) => (usd > 1 ? { of: 'loop', reason: '1 USD is left' } : null),
  });
  expect(t.ending.kind).toBe('finished');
  expect(t.requests.map(({ tools }) => names(tools).includes('web_search'))).toEqual([false, false, false]);
  expect(t.notices).toEqual([
    'web search and fetch are off for the rest of this conversation: 1 USD is left',
  ]);
});

it('books a cut call with the web by what was heard of it, at most at its reserve, and goes on without it', async () => {
  const usage = { input_tokens: 1000, output_tokens: 40 };
  const cutAfter = async (afterEvents: number) => {
    const cut: Answer = { content: [say('half')], usage, trouble: { afterEvents, kind: 'disconnect' } };
    const t = await talk((_, n) => (n === 0 ? cut : finishing()), { connection: { web: true } });
    expect(t.ending.kind).toBe('finished');
    expect(t.reserves[1].usd).toBeLessThan(t.reserves[0].usd / 10);
    expect(t.notices).toEqual([
      'web search and fetch are off for the rest of this conversation: a call with it was cut',
    ]);
    return { booked: t.turns[0], reserve: t.reserves[0].usd };
  };
  const nothing = await cutAfter(0);
  expect(nothing.booked.usd).toBeCloseTo(nothing.reserve, 12);
  // The first event tells the first reading of the input: the server may go on from there, but from nothing longer.
  const begun = await cutAfter(3);
  expect(begun.booked.usage).toEqual(worstUsage(1000, 1000, { web: true, compacts: false, cacheTtl: '5m' }));
  expect(begun.booked.usd).toBeLessThan(begun.reserve);
  // Only the very last event is missing, which says nothing new.
  const told = await cutAfter(6);
  expect(told.booked.usage).toMatchObject({ inputTokens: 1000, outputTokens: 40 });
});

it('takes the web away after forty uses in a conversation, also when it was taken up again', async () => {
  const before = Array.from({ length: 38 }, (_, i) => search(`srvtoolu_${i}`)).flat();
  const messages = [
    { role: 'user' as const, content: 'Begin.' },
    { role: 'assistant' as const, content: [...before, say('So it is.')] as never },
    { role: 'user' as const, content: 'Go on.' },
  ];
  const t = await talk((_, n) => (n === 0 ? searched('srvtoolu_a', 'srvtoolu_b') : finishing()), {
    connection: { web: true },
    messages,
  });
  expect(t.requests.map(({ tools }) => names(tools).includes('web_search'))).toEqual([true, false]);
});

it.each([
  [403, 'permission_error', 'Web search is not enabled for this organization.'],
  [400, 'invalid_request_error', 'tools.3: web_fetch_20260318 is not supported by this model'],
])('goes on without it where the account or the model has none (%i)', async (status, type, message) => {
  const t = await talk((_, n) => (n === 0 ? { status, type, message } : finishing()), {
    connection: { web: true },
  });
  expect(t.ending.kind).toBe('finished');
  expect(names(t.requests[1].tools)).not.toContain('web_search');
  expect(t.waits).toEqual([]);
  expect(t.notices).toHaveLength(1);
  // The next sprint is not offered it again.
  expect(t.reached.web).toBe(false);
});

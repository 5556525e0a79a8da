import { expect, it } from 'vitest';
import type { Answer } from '#replay/protocol';
import { finishing, prompt, say, talk, use } from './fixtures/talk.ts';
import { openingOf } from './opening.ts';
import { priceOf } from './prices.ts';

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
const searched = (...ids: string[]): Answer => ({ content: [...ids.flatMap(search), use('note')] });
const opus = { model: 'claude-opus-5-5', price: priceOf('claude-opus-5-5') };

it('offers search and fetch with bounded uses, pays for them, and sends back what they found as it came', async () => {
  const t = await talk((_, n) => (n === 0 ? searched('srvtoolu_1') : finishing()), { web: true });
  expect(t.ending.kind).toBe('finished');
  expect(t.requests[0].tools?.slice(-2)).toEqual([
    { type: 'web_search_20260318', name: 'web_search', max_uses: 2, allowed_callers: ['direct'] },
    {
      type: 'web_fetch_20260318',
      name: 'web_fetch',
      max_uses: 1,
      max_content_tokens: 10_000,
      allowed_callers: ['direct'],
    },
  ]);
  expect(t.requests[1].messages[1].content).toEqual(expect.arrayContaining(search('srvtoolu_1')));
  expect(t.turns[0].usage.webSearches).toBe(1);
  expect(t.turns[0].usd).toBeGreaterThan(0.01);
  const plain = await talk(() => finishing());
  expect(plain.requests[0].tools?.map(({ name }) => name)).toEqual(['note', 'fail', 'finish']);
});

it('says in the system prompt what is offered, and nothing of the web where it is not', () => {
  expect(openingOf('You are tested.', [], true).system).toContain('2 searches and 1 page in one reply');
  expect(openingOf('You are tested.', [], false)).toEqual({ system: 'You are tested.', tools: [] });
});

it('is withdrawn by a message when a call with it could exceed the money, and the tools stay as they were', async () => {
  let left = 50;
  const t = await talk((_, n) => (n < 4 ? { content: [use('note')] } : finishing()), {
    web: true,
    connection: opus,
    room: () => ({ usd: left, tokens: Number.POSITIVE_INFINITY }),
    mayCall: ({ reserve }) => (reserve.usd > left ? { code: 'money', reason: 'no money' } : null),
    onTurn: () => {
      left = 1;
    },
  });
  expect(t.ending.kind).toBe('finished');
  for (const request of t.requests) expect(request.tools).toEqual(t.requests[0].tools);
  expect(t.messages.filter(({ role }) => role === 'system')).toEqual([
    {
      role: 'system',
      content: [
        { type: 'tool_removal', tool: { type: 'tool_reference', name: 'web_search' } },
        { type: 'tool_removal', tool: { type: 'tool_reference', name: 'web_fetch' } },
        { type: 'text', text: expect.stringContaining('no longer offered') },
      ],
    },
  ]);
  expect(t.reserves[1].usd).toBeLessThan(t.reserves[0].usd / 3);
  expect(t.notices).toEqual([
    'web search and fetch are switched off for the rest of this conversation (money)',
  ]);
  expect(t.mismatches).toBe(0);
});

it('is withdrawn together with what else is said then, a hint or that little is left', async () => {
  let left = 50;
  const t = await talk((_, n) => (n < 4 ? { content: [use('note')] } : finishing()), {
    web: true,
    connection: opus,
    room: () => ({ usd: left, tokens: Number.POSITIVE_INFINITY }),
    mayCall: ({ reserve }) => (reserve.usd > left ? { code: 'money', reason: 'no money' } : null),
    onTurn: () => {
      left = 1;
    },
    hints: () => ['A hint.'],
  });
  expect(t.ending.kind).toBe('finished');
  const told = t.messages
    .filter(({ role }) => role === 'system')
    .map(({ content }) => JSON.stringify(content));
  expect(told[0]).toMatch(/tool_removal.*no longer offered.*A hint\./);
  expect(told[1]).not.toContain('tool_removal');
});

it('is withdrawn before anybody is told to come to an end for want of money', async () => {
  let left = 50;
  const t = await talk((_, n) => (n < 8 ? { content: [use('note')] } : finishing()), {
    web: true,
    connection: opus,
    maxTokens: 32_000,
    cacheTtl: '1h',
    room: () => ({ usd: left, tokens: Number.POSITIVE_INFINITY }),
    mayCall: ({ reserve }) => (reserve.usd > left ? { code: 'money', reason: 'no money' } : null),
    onTurn: () => {
      left *= 0.6;
    },
  });
  expect(t.ending.kind).toBe('finished');
  const said = JSON.stringify(t.messages);
  expect(said).toContain('tool_removal');
  // Without the web there was room enough to the end.
  expect(left).toBeLessThan(1);
  expect(said).not.toContain('nearly reached');
  expect(t.requests.at(-1)?.max_tokens).toBeGreaterThan(8000);
});

it('is withdrawn from a conversation that is taken up again with --no-web', async () => {
  const t = await talk(() => finishing(), { web: true, connection: { web: false } });
  expect(t.ending.kind).toBe('finished');
  expect(JSON.stringify(t.requests[0].messages)).toMatch(/tool_removal.*switched off/);
});

it('ends a conversation, not the loop, where the web cannot be withdrawn and is all that is too dear', async () => {
  let left = 50;
  const t = await talk(() => ({ content: [use('note')] }), {
    web: true,
    connection: opus,
    lacks: ['clearing', 'compaction', 'toolChanges'],
    room: () => ({ usd: left, tokens: Number.POSITIVE_INFINITY }),
    mayCall: ({ reserve }) => (reserve.usd > left ? { code: 'money', reason: 'no money' } : null),
    onTurn: () => {
      left = 1;
    },
  });
  expect(t.ending).toEqual({ kind: 'limit', code: 'web-money', reason: 'no money' });
});

it('is withdrawn after forty uses in a conversation, also when it was taken up again', async () => {
  const before = Array.from({ length: 38 }, (_, i) => search(`srvtoolu_${i}`)).flat();
  const messages = [
    prompt('Begin.'),
    { role: 'assistant' as const, content: [...before, say('So it is.')] as never },
    prompt('Go on.'),
  ];
  const t = await talk((_, n) => (n === 0 ? searched('srvtoolu_a', 'srvtoolu_b') : finishing()), {
    web: true,
    messages,
  });
  expect(t.ending.kind).toBe('finished');
  const withdrawn = t.requests.map(({ messages }) => JSON.stringify(messages).includes('tool_removal'));
  expect(withdrawn).toEqual([false, true]);
  expect(t.notices).toEqual([
    'web search and fetch are switched off for the rest of this conversation (used)',
  ]);
});

it.each([
  [403, 'permission_error', 'Web search is not enabled for this organization.'],
  [400, 'invalid_request_error', 'tools.3: web_fetch_20260318 is not supported by this model'],
])('asks for another opening where the account or the model has none (%i)', async (status, type, message) => {
  const t = await talk(() => ({ status, type, message }), { web: true });
  expect(t.ending.kind).toBe('reopen');
  expect(t.waits).toEqual([]);
  expect(t.notices).toHaveLength(1);
  // The next sprint is not offered the web again.
  expect(t.reached.lacks.has('web')).toBe(true);
});

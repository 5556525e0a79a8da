import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { Answer, MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { Transcript } from '../open-sprint/transcript.ts';
import { reachedAt } from './connect/connect.ts';
import type { Feature } from './connect/features.ts';
import type { Ending, Reopen } from './conversation.ts';
import { converse } from './converse.ts';
import { prompt, say, use } from './fixtures/talk.ts';
import { openingOf } from './opening.ts';
import { priceOf } from './prices.ts';

const folder = mkdtempSync(join(tmpdir(), 'append-only-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The possible outcomes of one request, drawn at random. */
const WHOLE = [
  'call',
  'call',
  'parallel',
  'many',
  'search',
  'mixed',
  'pause',
  'empty text',
  'broken call',
] as const;
const ODD = [
  'max tokens',
  'max tokens in a search',
  'cut call',
  'full',
  'refusal',
  'silent',
  'not JSON',
] as const;
const FAULTS = [
  'disconnect',
  'cut at once',
  'error event',
  'overload',
  'too long',
  'page',
  'crash',
  'crash in a tool',
] as const;
type Kind = (typeof WHOLE)[number] | (typeof ODD)[number] | (typeof FAULTS)[number];

const Step = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Kind>(...WHOLE) },
    { weight: 2, arbitrary: fc.constantFrom<Kind>(...ODD) },
    { weight: 3, arbitrary: fc.constantFrom<Kind>(...FAULTS) },
  ),
  hint: fc.boolean(),
  /** What is left of the money when it is asked for. */
  left: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 3, 0.2),
});
type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

const Night = fc.record({
  steps: fc.array(Step, { minLength: 1, maxLength: 14 }),
  web: fc.boolean(),
  usedUp: fc.boolean(),
  refuses: fc.subarray(
    [
      'thinking.display',
      'thinking.block_binding',
      'messages.role.system',
      'mid-conversation-tool-changes-2026-07-01',
    ],
    { maxLength: 2 },
  ),
});
type Night = typeof Night extends fc.Arbitrary<infer T> ? T : never;

const search = (id: string) => ({ type: 'server_tool_use', id, name: 'web_search', input: { query: 'x' } });

function answerTo(kind: Kind, web: boolean, n: number): Answer {
  const words = say(`This is reply ${n}.`);
  const note = (text: string) => use('note', { text });
  const sought = web ? [search(`srvtoolu_${n}`)] : [];
  const cutAfter = (afterEvents: number) => ({ afterEvents, kind: 'disconnect' as const });
  switch (kind) {
    case 'call':
    case 'crash':
    case 'crash in a tool':
      return { content: [words, note(`${n}`)] };
    case 'parallel':
      return { content: [note('a'), words, note('b')] };
    case 'many':
      return { content: Array.from({ length: 24 }, (_, i) => note(`${i}`)) };
    case 'search':
      return { content: [...sought.flatMap((block) => [block, foundBy(block.id)]), note('found')] };
    case 'mixed':
      return { content: [words, ...sought, note('mixed')] };
    case 'pause':
      return web
        ? { content: [words, ...sought], stopReason: 'pause_turn' }
        : { content: [note('no pause')] };
    case 'empty text':
      return {
        content: [say(''), { type: 'thinking', thinking: 'After a text without a word.' }, note('e')],
      };
    case 'broken call':
      return { content: [use('fail', { text: `${n}` })] };
    case 'max tokens':
      return { content: [words], stopReason: 'max_tokens' };
    case 'max tokens in a search':
      return { content: [words, ...sought], stopReason: 'max_tokens' };
    case 'cut call':
      return {
        content: [...sought, { ...note('cut'), partialJson: '{"text": "hal' }],
        stopReason: 'max_tokens',
      };
    case 'full':
      return { content: [words], stopReason: 'model_context_window_exceeded' };
    case 'refusal':
      return { content: [words], stopReason: 'refusal' };
    case 'silent':
      return { content: [words] };
    case 'not JSON':
      return { content: [{ ...note('x'), partialJson: '{"text": nonsense}' }] };
    case 'disconnect':
      return { content: [words, note('x')], trouble: cutAfter(7) };
    case 'cut at once':
      return { content: [words], trouble: cutAfter(0) };
    case 'error event':
      return { content: [words], trouble: { afterEvents: 5, kind: 'error' } };
    case 'overload':
      return { status: 529, type: 'overloaded_error', message: 'Overloaded' };
    case 'too long':
      return {
        status: 400,
        type: 'invalid_request_error',
        message: 'prompt is too long: 210000 tokens > 200000',
      };
    case 'page':
      return { status: 403, type: '', message: '', body: '<html>Just a moment...</html>' };
  }
}
const foundBy = (id: string) => ({
  type: 'web_search_tool_result',
  tool_use_id: id,
  content: [
    { type: 'web_search_result', title: 'A page', url: 'https://example.org', encrypted_content: 'eA==' },
  ],
});

const withoutMarks = (value: unknown): string =>
  JSON.stringify(value, (key, inner: unknown) => (key === 'cache_control' ? undefined : inner));

/**
 * Plays a night: every crash is followed by a start from the transcript on disk, until the conversation ends.
 */
async function play({ steps, web, usedUp, refuses }: Night, seen: Set<string>) {
  const requests: MessagesRequest[] = [];
  let crash = new AbortController();
  let crashInTool = false;
  let finished = false;
  let at = -1;
  const step = (): Step | undefined => steps[at];
  const server = await startMessagesServer(
    (request) => {
      requests.push(structuredClone(request));
      at++;
      const now = step();
      if (!now) return { content: [use('finish')] };
      seen.add(now.kind);
      const offered = web && !JSON.stringify(request.messages).includes('"tool_removal"');
      if (now.kind === 'crash') crash.abort();
      crashInTool = now.kind === 'crash in a tool';
      return answerTo(now.kind, offered, requests.length);
    },
    { refuses },
  );
  const tool = (name: string, run: () => string) =>
    betaZodTool({ name, description: name, inputSchema: z.object({ text: z.string().default('') }), run });
  const tools = [
    tool('note', () => {
      if (crashInTool) crash.abort();
      return 'noted';
    }),
    tool('fail', () => {
      throw new Error(`it is broken in the ${at}th way`);
    }),
    tool('finish', () => {
      finished = true;
      return 'done';
    }),
  ];
  const path = join(folder, `${Math.random()}.jsonl`);
  const lacks = new Set<Feature>();
  const first = openingOf('You are tested.', tools, web);
  new Transcript(path).open(first, prompt('Begin.'));
  let hints = 0;
  let unsaid: string[] = [];
  let ending: Ending | Reopen = { kind: 'stopped', reason: 'not begun' };
  const told: string[] = [];
  for (let starts = 0; starts < 20 && ending.kind === 'stopped'; starts++) {
    // As after a kill: only what is on disk is known.
    const transcript = new Transcript(path);
    transcript.repair();
    const heard = JSON.stringify(transcript.messages);
    const given = Array.from({ length: hints }, (_, n) => `Hint ${n + 1}.`);
    unsaid = given.filter((hint) => !heard.includes(hint));
    crash = new AbortController();
    ending = await converse({
      connection: {
        ...{
          kind: 'claude',
          label: 'test',
          model: 'claude-opus-5-5',
          price: priceOf('claude-opus-5-5'),
          web,
          lacks,
        },
        fallback: { model: 'claude-sonnet-5-5', price: priceOf('claude-sonnet-5-5') },
        ...{ reached: reachedAt(server.url, 'key'), close: async () => {} },
      },
      // The first start has the opening in memory; a later start reads it from disk.
      opening: starts === 0 ? first : (transcript.opening as never),
      model: transcript.model,
      messages: transcript.messages,
      onMessage: (message) => transcript.record(message),
      onRetract: () => transcript.retract(),
      onModel: (model) => transcript.note(model),
      tools,
      ...{ maxTokens: 2000, effort: 'low', maxTurns: 60, stallMs: 5000, cacheTtl: '5m' },
      ready: async () => {},
      mayCall: () => null,
      room: () => ({ usd: (usedUp && at > 6 ? 0.2 : steps[at + 1]?.left) ?? 50, tokens: 1e9 }),
      isFinished: () => finished,
      stopRequested: () => null,
      unsaid,
      hints: () => (step()?.hint ? [`Hint ${++hints}.`] : []),
      ...{ onSearch: () => {}, onTurn: () => {}, onFree: () => {}, wait: async () => {} },
      onNotice: (text) => told.push(text),
      signal: crash.signal,
    });
    const onDisk = new Transcript(path);
    expect(onDisk.messages).toEqual(transcript.messages);
  }
  await server.close();
  return { requests, server, ending, told, hints, unsaid, path };
}

/** A night for each outcome, so that each is seen however few are drawn; then the money runs out. */
const EXAMPLES = [...new Set<Kind>([...WHOLE, ...ODD, ...FAULTS])].map((kind): [Night] => {
  const step = (one: Kind): Step => ({ kind: one, hint: true, left: Number.POSITIVE_INFINITY });
  const steps = [step('call'), step(kind), ...Array.from({ length: 8 }, () => step('call'))];
  return [{ steps, web: true, usedUp: true, refuses: [] }];
});

it('never edits what was sent, whatever happens, and breaks no rule of the API', async () => {
  const seen = new Set<string>();
  const counts = { withdrawn: 0, system: 0, requests: 0, finished: 0 };
  await fc.assert(
    fc.asyncProperty(Night, async (night) => {
      const { requests, server, ending, told, hints, unsaid, path } = await play(night, seen);
      expect(server.mistakes).toEqual([]);
      expect(server.mismatches).toBe(0);
      // The only violations are the features that the server was told to refuse, at most once each.
      expect(server.violations.slice(night.refuses.length), server.violations.join('\n')).toEqual([]);
      expect(['finished', 'failed', 'silent', 'limit']).toContain(ending.kind);
      if (ending.kind === 'failed') expect(ending.reason).toMatch(/refused|times in a row/);
      for (const [n, request] of requests.entries()) {
        const before = requests[n - 1];
        if (!before) continue;
        expect(withoutMarks(request.system)).toBe(withoutMarks(before.system));
        expect(withoutMarks(request.tools)).toBe(withoutMarks(before.tools));
        const prefix = request.messages.slice(0, before.messages.length);
        expect(prefix.map(withoutMarks)).toEqual(before.messages.map(withoutMarks));
      }
      const said = JSON.stringify(new Transcript(path).messages);
      for (let n = 1; n <= hints; n++)
        expect(said.split(`Hint ${n}.`)).toHaveLength(unsaid.includes(`Hint ${n}.`) ? 1 : 2);
      counts.requests += requests.length;
      counts.withdrawn += Number(said.includes('tool_removal'));
      counts.system += Number(said.includes('"role":"system"'));
      counts.finished += Number(ending.kind === 'finished');
      expect(told.every((text) => !text.includes('dropped'))).toBe(true);
    }),
    {
      numRuns: EXAMPLES.length + Number(process.env.NIGHTS ?? 60),
      ...{ examples: EXAMPLES, endOnFailure: true },
    },
  );
  expect([...seen].sort()).toEqual([...new Set<string>([...WHOLE, ...ODD, ...FAULTS])].sort());
  for (const [what, times] of Object.entries(counts)) expect(times, what).toBeGreaterThan(0);
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  assistant,
  found,
  NOTE,
  post,
  result,
  search,
  system,
  text,
  use,
  user,
  WEB,
} from './fixtures/serve.ts';
import type { Answer, AnswerBlock } from './protocol.ts';
import { startMessagesServer } from './server.ts';

/** One random turn: what the model does, and what the client says beside the results. */
const Turn = fc.record({
  words: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  calls: fc.nat({ max: 3 }),
  searches: fc.constantFrom('none', 'none', 'done', 'left out', 'pending'),
  ends: fc.constantFrom('', '', '', 'pause_turn', 'max_tokens', 'refusal'),
  thinksTwice: fc.boolean(),
  summarises: fc.boolean(),
  hint: fc.boolean(),
  notice: fc.constantFrom('', '', 'words', 'removal'),
});
type Turn = typeof Turn extends fc.Arbitrary<infer T> ? T : never;
const Plan = fc.record({
  turns: fc.array(Turn, { minLength: 1, maxLength: 8 }),
  model: fc.constantFrom('claude-opus-5-5', 'claude-haiku-5-5-20260928', 'any'),
  display: fc.constantFrom('summarized', 'omitted'),
  summaries: fc.boolean(),
});
type Plan = typeof Plan extends fc.Arbitrary<infer T> ? T : never;

const BETAS = ['mid-conversation-tool-changes-2026-07-01'];
const MARK = { cache_control: { type: 'ephemeral', ttl: '1h' } };

interface Block {
  type: string;
  id: string;
  tool_use_id: string;
  [field: string]: unknown;
}
interface Message {
  role: string;
  content: unknown;
}

function answerOf(turn: Turn, n: number, summaries: boolean): Answer {
  const id = `srvtoolu_${n}`;
  const content: AnswerBlock[] = [];
  if (turn.summarises && summaries) content.push({ type: 'compaction', content: 'So far.' });
  content.push(text(`${turn.words}.`));
  if (turn.thinksTwice) content.push({ type: 'thinking', thinking: turn.words }, text('b'));
  if (turn.searches !== 'none') content.push(search(id));
  if (turn.searches === 'done') content.push(found(id));
  for (let i = 0; i < turn.calls; i++) content.push(use(`toolu_${n}_${i}`));
  return { content, ...(turn.ends ? { stopReason: turn.ends } : {}) };
}

/**
 * A client that only appends messages, and adds text only where the API allows it. It moves its cache mark
 * from turn to turn.
 */
class Client {
  readonly messages: Message[] = [user('begin')];
  #removed = 0;

  constructor(readonly plan: Plan) {}

  get body() {
    const { model, display } = this.plan;
    const messages = this.messages.map(({ role, content }, i) => {
      if (i !== this.messages.length - 1 || role === 'assistant' || typeof content !== 'string')
        return { role, content };
      return { role, content: [{ ...text(content), ...MARK }] };
    });
    const thinking = model === 'any' ? {} : { thinking: { type: 'adaptive', display } };
    const tools = [NOTE, { ...NOTE, name: 'spare1' }, { ...NOTE, name: 'spare2' }, WEB];
    return { model, max_tokens: 400, system: 'You are tested.', tools, ...thinking, messages };
  }

  hear(content: Block[], { hint, notice }: Turn): void {
    if (content.length > 0) this.messages.push(assistant(content));
    const done = new Set(content.map((block) => block.tool_use_id));
    const pending = content.some(({ type, id }) => type === 'server_tool_use' && !done.has(id));
    const calls = content.filter(({ type }) => type === 'tool_use').map(({ id }) => result(id));
    if (calls.length > 0) this.messages.push(user(hint && !pending ? [...calls, text('a hint')] : calls));
    else if (!pending) this.messages.push(user('go on'));
    if (pending || notice === '' || this.messages.at(-1)?.role !== 'user') return;
    const tool = { type: 'tool_reference', name: `spare${this.#removed + 1}` };
    if (notice === 'words') this.messages.push(system('a notice'));
    else if (this.#removed < 2 && ++this.#removed)
      this.messages.push(system([{ type: 'tool_removal', tool }]));
  }
}

async function talk(plan: Plan) {
  let n = 0;
  const turn = () => plan.turns[n] as Turn;
  const server = await startMessagesServer(() => answerOf(turn(), n, plan.summaries));
  const client = new Client(plan);
  const send = (body: object) => post(server.url, body, { betas: BETAS });
  for (; n < plan.turns.length; n++) {
    const reply = await send(client.body);
    expect(reply).toMatchObject({ status: 200 });
    client.hear((reply as unknown as { content: Block[] }).content, turn());
  }
  n = 0;
  return { server, client, send };
}

it('an obedient client is never refused', async () => {
  await fc.assert(
    fc.asyncProperty(Plan, async (plan) => {
      const { server, client, send } = await talk(plan);
      try {
        expect(await send(client.body)).toMatchObject({ status: 200 });
        expect(server.violations).toEqual([]);
        expect(server.mistakes).toEqual([]);
        expect(server.mismatches).toBe(0);
      } finally {
        await server.close();
      }
    }),
    { numRuns: Number(process.env.NIGHTS ?? 30) },
  );
});

/** Paths of all strings and numbers in a value. */
function leaves(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value === 'string' || typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => key !== 'cache_control')
    .flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** The value with the leaf at this path changed in one character. */
function changed(value: unknown, [key, ...rest]: (string | number)[], at: number): unknown {
  if (key !== undefined) {
    const holder = value as Record<string, unknown>;
    const copy = (Array.isArray(value) ? [...value] : { ...holder }) as Record<string, unknown>;
    copy[key] = changed(holder[key], rest, at);
    return copy;
  }
  if (typeof value === 'number') return value + 1;
  const words = String(value);
  const place = at % (words.length + 1);
  return `${words.slice(0, place)}${words[place] === 'x' ? 'y' : 'x'}${words.slice(place + 1)}`;
}

it('a change of anything before a thinking block is always caught', async () => {
  const plans = Plan.filter(({ model }) => model !== 'any').map((plan) => ({ ...plan, summaries: false }));
  await fc.assert(
    fc.asyncProperty(
      plans,
      fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 20, maxLength: 20 }),
      async (plan, edits) => {
        const { server, client, send } = await talk(plan);
        try {
          const { body } = client;
          const last = body.messages.findLastIndex(
            ({ content }) => Array.isArray(content) && content.some(({ type }) => type === 'thinking'),
          );
          fc.pre(last > 0);
          const blocks = body.messages[last]?.content as Block[];
          const j = blocks.findLastIndex(({ type }) => type === 'thinking');
          const before = {
            system: body.system,
            tools: body.tools,
            messages: [
              ...body.messages.slice(0, last),
              { ...body.messages[last], content: blocks.slice(0, j) },
            ],
          };
          const paths = leaves(before);
          for (const [leaf, at] of edits) {
            const path = paths[leaf % paths.length] ?? [];
            const reply = await send(changed(body, path, at) as object);
            expect(reply, `${path.join('.')} at ${at}`).toMatchObject({ status: 400 });
          }
        } finally {
          await server.close();
        }
      },
    ),
    { numRuns: Number(process.env.NIGHTS ?? 10) },
  );
});

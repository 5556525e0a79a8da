import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf } from '#contract/answer';
import { noSprintOpen, ToolMistake } from '../requests/paths.ts';
import { accepted } from '../requests/refusals.ts';
import { StartSprintInput } from '../requests/schemas.ts';
import { type Advice, answersIn, callsIn, RepeatedRefusals } from './repeated.ts';

type Content = string | ReturnType<typeof contentOf>;
/** One call and its refusal; null where it succeeded. */
type Made = readonly [name: string, refusal: Content | null];

/** The tool result for a mistake. */
const answered = ({ message, fields }: ToolMistake): Content =>
  fields ? contentOf({ words: `Error: ${message}`, fields }) : `Error: ${message}`;
const NOT_OPEN = answered(noSprintOpen());

function refused(input: unknown): Content {
  try {
    accepted('start_sprint', StartSprintInput, input);
  } catch (error) {
    if (error instanceof ToolMistake) return answered(error);
  }
  throw new Error('it was not refused');
}

let ids = 0;
/** A reply with these calls, and the message that answers them. */
function turn(...made: Made[]): BetaMessageParam[] {
  const calls = made.map(([name, text]) => ({ id: `toolu_${++ids}`, name, text }));
  return [
    { role: 'assistant', content: calls.map(({ id, name }) => ({ type: 'tool_use', id, name, input: {} })) },
    {
      role: 'user',
      content: calls.map(({ id, text }) => ({
        type: 'tool_result',
        tool_use_id: id,
        ...(text === null ? { content: 'done' } : { is_error: true, content: text }),
      })),
    },
  ];
}
const hear = (state: RepeatedRefusals, ...made: Made[]): Advice => {
  const [reply, answer] = turn(...made);
  return state.heard(callsIn(reply), answersIn(answer));
};
/** What is advised after each of these turns. */
const hearAll = (turns: readonly Made[][]): Advice[] => {
  const state = new RepeatedRefusals();
  return turns.map((made) => hear(state, ...made));
};
const kinds = (advice: readonly Advice[]) => advice.map(({ kind }) => kind);

describe('the same refusal', () => {
  it('is pointed out the third time and ends the conversation the fifth, also where two take turns', () => {
    const wrong = (n: number): Made => ['start_sprint', refused({ slug: `Bad ${n}`, titel: 'x' })];
    const turns = [1, 2, 3, 4, 5].flatMap((n): Made[][] => [
      [wrong(n)],
      [['read_results', null]],
      [['finish_sprint', NOT_OPEN]],
    ]);
    const advice = hearAll(turns);
    const go = 'go on';
    expect(kinds(advice).slice(6, 9)).toEqual(['tell', go, 'tell']);
    expect(kinds(advice).slice(12)).toEqual(['close', go, 'close']);
    expect(kinds([...advice.slice(0, 6), ...advice.slice(9, 12)])).toEqual(Array(9).fill(go));
    expect(advice[6]).toMatchObject({
      text: expect.stringMatching(
        /^start_sprint was refused three times now for the same reason: "slug" must be lower-case words.* Correct the fields that the reason names.*say so and call nothing\. After five times this conversation is closed\.$/,
      ),
    });
    expect(advice[8]).toMatchObject({
      text: expect.stringMatching(
        /^finish_sprint was refused .*no sprint is open yet.*\. First call start_sprint /,
      ),
    });
    expect(advice[12]).toMatchObject({
      reason: expect.stringMatching(
        /^start_sprint was refused five times for the same reason: "slug" must be /,
      ),
    });
  });

  it('has the same wrong fields, whatever was given for them; other fields are another reason', () => {
    const input = {
      slug: 'ok',
      title: 'A title',
      idea: 'i',
      motivation: 'm',
      expectation: 'e',
      predicted: {},
    };
    const last = (...inputs: unknown[]) =>
      kinds(hearAll(inputs.map((of): Made[] => [['start_sprint', refused(of)]]))).at(-1);
    const title = (value: unknown) => ({ ...input, title: value });
    expect(last(title('x'), title(5), title(undefined))).toBe('tell');
    const slug = (value: string) => ({ ...input, slug: value });
    expect(last(slug('A'), slug('"title" must be'), slug('a'.repeat(101)))).toBe('tell');
    expect(last(title('x'), title('x'), { ...title('x'), idea: '' })).toBe('go on');
    expect(last({}, null, {})).toBe('go on');
  });

  it('is another one in other words, of another tool, and of another try', () => {
    const told = (...texts: string[]) =>
      kinds(hearAll(texts.map((text): Made[] => [['stop_experiment', `Error: ${text}`]]))).at(-1);
    const same = 'no run "a" in this sprint';
    expect(told(same, same, same)).toBe('tell');
    expect(told(same, same, 'no run "b" in this sprint')).toBe('go on');
    const miss = (at: string) => ({
      calls: [{ id: 'x', name: 'str_replace_based_edit_tool', input: { path: 'a.ts', old_str: at } }],
      answers: new Map([['x', { isError: true, text: 'Error: old_str was not found in a.ts' }]]),
    });
    const state = new RepeatedRefusals();
    const heard = ['1', '2', '3', '4', '5', '5', '5']
      .map(miss)
      .map(({ calls, answers }) => state.heard(calls, answers).kind);
    expect(heard).toEqual([...Array<string>(6).fill('go on'), 'tell']);
    const spread = ['one', 'two', 'three'].map((name): Made[] => [[name, NOT_OPEN]]);
    expect(kinds(hearAll(spread))).toEqual(['go on', 'go on', 'go on']);
    expect(hearAll([spread.flat(), spread.flat(), spread.flat()]).at(-1)).toMatchObject({
      text: expect.stringMatching(/^one was refused three .*\n\ntwo was refused three .*\n\nthree was /),
    });
  });

  it('counts once in a reply, whose calls had not read its answer; a success in it forgets those before', () => {
    const bad: Made = ['edit', 'Error: no'];
    const good: Made = ['edit', null];
    const five = [bad, bad, bad, bad, bad];
    const six = hearAll([five, five, five, five, five, [bad]]);
    expect(kinds(six)).toEqual(['go on', 'go on', 'tell', 'go on', 'close', 'close']);
    expect(kinds(hearAll([[bad, good], [bad], [bad], [bad]]))).toEqual(['go on', 'go on', 'go on', 'tell']);
    expect(kinds(hearAll([[bad], [bad], [good, bad], [bad]]))).toEqual(['go on', 'go on', 'go on', 'go on']);
  });
});

const NAMES = ['start_sprint', 'finish_sprint', 'edit'] as const;
const REASONS = ['Error: one', 'Error: another', NOT_OPEN] as const;
const made: fc.Arbitrary<Made> = fc.tuple(
  fc.constantFrom(...NAMES),
  fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 6, arbitrary: fc.constantFrom(...REASONS) },
  ),
);

describe('over any conversation', () => {
  it('heeds what the same tool was answered since its last success, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(made, { maxLength: 40 }), (calls) => {
        const advice = kinds(hearAll(calls.map((call) => [call])));
        for (const [i, [name]] of calls.entries()) {
          const own = calls.slice(0, i + 1).filter(([other]) => other === name);
          const since = own.slice(own.findLastIndex(([, text]) => text === null) + 1);
          const alone = kinds(hearAll(since.map((call) => [call])));
          expect(advice[i], `call ${i}`).toBe(alone.at(-1) ?? 'go on');
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is rebuilt from a transcript as it was, with calls in it that were not run', () => {
    const CUT = 'The loop was cut off during this call and started again.';
    const talk = fc.array(
      fc.array(fc.oneof(made, fc.tuple(fc.constantFrom(...NAMES), fc.constant(CUT))), { maxLength: 4 }),
      {
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(talk, (turns) => {
        const live = new RepeatedRefusals();
        const messages: BetaMessageParam[] = [{ role: 'user', content: 'Begin.' }];
        for (const calls of turns) {
          messages.push(...turn(...calls));
          hear(live, ...calls.filter(([, text]) => text !== CUT));
        }
        const again = RepeatedRefusals.from(JSON.parse(JSON.stringify(messages)));
        // A state shows only in the advice that it gives from here on.
        for (let n = 0; n < 5; n++)
          for (const name of NAMES)
            for (const reason of REASONS)
              expect(hear(again, [name, reason])).toEqual(hear(live, [name, reason]));
      }),
      { numRuns: 300 },
    );
  });
});

it('takes words of ours beside the results, texts in blocks and replies without an answer for what they are', () => {
  const messages: BetaMessageParam[] = [];
  for (let n = 0; n < 4; n++) {
    const [reply, answer] = turn(['finish_sprint', 'Error: one']);
    const [result] = answer.content as {
      type: 'tool_result';
      tool_use_id: string;
      content: string;
    }[];
    const content = [{ type: 'text' as const, text: result.content }];
    messages.push(reply, {
      role: 'user',
      content: [
        { ...result, content },
        { type: 'text', text: 'A hint.' },
      ],
    });
    messages.push({ role: 'assistant', content: 'Let me think.' }, { role: 'user', content: 'Go on.' });
  }
  messages.push(turn(['finish_sprint', 'Error: one'])[0]);
  expect(hear(RepeatedRefusals.from(messages), ['finish_sprint', 'Error: one']).kind).toBe('close');
  expect(hear(RepeatedRefusals.from(messages.slice(0, -9)), ['finish_sprint', 'Error: one']).kind).toBe(
    'tell',
  );
});

import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { answerIn, RefusedFields } from '#contract/answer';
import { cut, plain } from '../common/words.ts';
import { reasonIn } from '../requests/refusals.ts';
import { blocksOf } from './history.ts';

/** What to do after the results of one turn. */
export type Advice = { kind: 'go on' } | { kind: 'tell'; text: string } | { kind: 'close'; reason: string };

/** A call of one of our own tools, and below it the answer to a call. */
export interface Call {
  id: string;
  name: string;
  input?: unknown;
}
export interface Answer {
  isError: boolean;
  text: string;
  /** Why the call was refused before anything was done, if the fields of the answer say so. */
  refused?: RefusedFields['refused'];
}

const TELL_AT = 3;
const CLOSE_AT = 5;
/** Maximum length of a quoted reason. */
const MAX_REASON = 240;

/**
 * Watches a conversation for calls that are refused repeatedly for the same reason. Only a success of the
 * same tool resets its counts; calls of other tools in between do not. Equal refusals in one reply count
 * once, since the model had not read one of the answers when it made the other calls.
 */
export class RepeatedRefusals {
  /** How often each tool was refused since its last success, by reason. */
  readonly #counts = new Map<string, Map<string, number>>();

  /**
   * Rebuilds the state from the messages so far. Calls that were never run have an answer that no tool gives,
   * so they are counted apart.
   */
  static from(messages: readonly BetaMessageParam[]): RepeatedRefusals {
    const state = new RepeatedRefusals();
    for (const [i, message] of messages.entries()) {
      const next = messages[i + 1];
      if (message.role === 'assistant' && next?.role === 'user')
        state.heard(callsIn(message), answersIn(next));
    }
    return state;
  }

  /** Records one turn and returns what to do about it. A call without an answer is ignored. */
  heard(calls: readonly Call[], answers: ReadonlyMap<string, Answer>): Advice {
    const refused = new Map<string, Refused & { key: string }>();
    for (const call of calls) {
      const { id, name } = call;
      const answer = answers.get(id);
      if (!answer) continue;
      const key = `${name}: ${sameness(call, answer)}`;
      if (answer.isError) refused.set(key, { name, answer, key });
      else {
        this.#counts.delete(name);
        for (const [other, of] of refused) if (of.name === name) refused.delete(other);
      }
    }
    const often = [...refused.values()].map((of) => ({ ...of, times: this.#count(of.name, of.key) }));
    const last = often.find(({ times }) => times >= CLOSE_AT);
    if (last) {
      const reason = `${last.name} was refused ${inWords(last.times)} times for the same reason: ${shown(last)}`;
      return { kind: 'close', reason };
    }
    const told = often.filter(({ times }) => times === TELL_AT);
    return told.length === 0 ? { kind: 'go on' } : { kind: 'tell', text: told.map(words).join('\n\n') };
  }

  #count(name: string, key: string): number {
    const counts = this.#counts.get(name) ?? new Map<string, number>();
    const times = (counts.get(key) ?? 0) + 1;
    this.#counts.set(name, counts.set(key, times));
    return times;
  }
}

/** The calls of our own tools in a reply. */
export const callsIn = (message: BetaMessageParam): Call[] =>
  blocksOf(message).flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
  );

/** The tool results in a user message, by call id. */
export const answersIn = (message: BetaMessageParam): Map<string, Answer> =>
  new Map(
    blocksOf(message).flatMap((block) =>
      block.type === 'tool_result'
        ? [[block.tool_use_id, heardIn(block.content, block.is_error === true)] as const]
        : [],
    ),
  );

/** Tools for trying things out: the same error text for another input is another refusal. */
const TRIES = new Set(['bash', 'str_replace_based_edit_tool']);

interface Refused {
  name: string;
  answer: Answer;
}

/**
 * The key by which two refusals of a tool are the same: the wrong fields of an input, else the text of the
 * answer, with the input for `TRIES`.
 */
function sameness({ name, input }: Call, { text, refused }: Answer): string {
  if (refused?.why === 'input') return `fields ${refused.fields.join(', ')}`;
  return TRIES.has(name) ? `${text} ${JSON.stringify(input)}` : text;
}

/** What is said to a researcher at the third refusal: which tool, why, and what to do instead. */
function words(of: Refused & { times: number }): string {
  const { name, answer, times } = of;
  return `${name} was refused ${inWords(times)} times now for the same reason: ${shown(of)}. ${instead(name, answer)} After ${inWords(CLOSE_AT)} times this conversation is closed.`;
}

function instead(name: string, { refused }: Answer): string {
  const end =
    name === 'start_sprint'
      ? 'or, if nothing is left to be tried, say so and call nothing'
      : 'or end the sprint with finish_sprint, candidate null';
  switch (refused?.why) {
    case 'input':
      return `Correct the fields that the reason names and leave the others as they are; ${end}.`;
    case 'no-sprint':
      return 'First call start_sprint with all of its fields: before it, runs and finish_sprint are refused. If nothing is left to be tried, say so and call nothing.';
    default:
      return `Do not make the same call again: read the reason and do something else; ${end}.`;
  }
}

/** The quoted reason, without the "Error: " that the tool runner puts before every error. */
const shown = ({ name, answer: { text } }: Refused): string =>
  cut(plain(reasonIn(name, text.replace(/^Error: /, ''))), MAX_REASON).replace(/\.$/, '');

const inWords = (n: number): string => ({ 3: 'three', 5: 'five' })[n] ?? String(n);

function heardIn(content: unknown, isError: boolean): Answer {
  const { words: text, fields } = answerIn(content);
  return { isError, text, refused: RefusedFields.safeParse(fields).data?.refused };
}

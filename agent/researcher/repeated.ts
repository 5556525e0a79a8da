import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { answerIn, RefusedFields } from '#contract/answer';
import { cut, plain } from '../common/words.ts';
import { reasonIn } from '../requests/refusals.ts';
import { blocksOf } from './history.ts';

/** What to do after the results of one turn. */
export type Advice = { kind: 'go on' } | { kind: 'tell'; text: string } | { kind: 'close'; reason: string };

/** A call of a tool of ours, and what it was answered. */
export interface Call {
  id: string;
  name: string;
  input?: unknown;
}
export interface Answer {
  isError: boolean;
  text: string;
  /** Why it was refused before anything was done, where its fields say so. */
  refused?: RefusedFields['refused'];
}

const TELL_AT = 3;
const CLOSE_AT = 5;
/** Of a reason that is said again. */
const MAX_REASON = 240;

/**
 * Watches a conversation for calls that are refused again and again for the same reason, whatever is called
 * between them: only a success of the same tool forgets its refusals. Several in one reply count once, since
 * none of them had read the answer to the others.
 */
export class RepeatedRefusals {
  /** How often each tool was refused since its last success, by reason. */
  readonly #counts = new Map<string, Map<string, number>>();

  /**
   * The same state from all that was said so far. Calls that were never run have an answer of their own,
   * which no tool gives.
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

  /**
   * Takes note of one turn, and says what is to be done about it. A call without an answer counts for
   * nothing.
   */
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

/** What was answered in a message of ours, by call. */
export const answersIn = (message: BetaMessageParam): Map<string, Answer> =>
  new Map(
    blocksOf(message).flatMap((block) =>
      block.type === 'tool_result'
        ? [[block.tool_use_id, heardIn(block.content, block.is_error === true)] as const]
        : [],
    ),
  );

/**
 * Tools whose work is to try: a refusal of another edit at another place is another one, in the same words.
 */
const TRIES = new Set(['bash', 'str_replace_based_edit_tool']);

interface Refused {
  name: string;
  answer: Answer;
}

/**
 * Two refusals of a tool are the same where these are: the wrong fields of an input, else the words of the
 * answer.
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
      ? 'or, where nothing is left to be tried, say so and call nothing'
      : 'or end the sprint with finish_sprint, candidate null';
  switch (refused?.why) {
    case 'input':
      return `Correct the fields that it names, as it says, and leave the others as they are; ${end}.`;
    case 'no-sprint':
      return 'Call start_sprint first, with all of its fields: runs and finish_sprint are refused before it. Where nothing is left to be tried, say so and call nothing.';
    default:
      return `Do not make the same call again: read the reason and do something else, ${end}.`;
  }
}

/** The reason as it is said again, without the word with which the runner begins every error. */
const shown = ({ name, answer: { text } }: Refused): string =>
  cut(plain(reasonIn(name, text.replace(/^Error: /, ''))), MAX_REASON).replace(/\.$/, '');

const inWords = (n: number): string => ({ 3: 'three', 5: 'five' })[n] ?? String(n);

function heardIn(content: unknown, isError: boolean): Answer {
  const { words: text, fields } = answerIn(content);
  return { isError, text, refused: RefusedFields.safeParse(fields).data?.refused };
}

import type { MessagesRequest } from './protocol.ts';
import { isThinking } from './rules/seal.ts';
import { type Iteration, totalOf } from './rules/usage.ts';
import type { StreamEvent } from './stream.ts';

/** What the API charges for one request that it began to answer. */
export interface Bill {
  request: MessagesRequest;
  /** In the form of a message's `usage`. */
  usage: Record<string, unknown>;
  /** Whether the reply was cut off before its end. */
  cut: boolean;
  /** The index of the request among those that `respond` was asked about, from 0. */
  n: number;
}

interface Plan {
  /** The usage of the whole reply. */
  usage: Record<string, unknown>;
  maxTokens: number;
  thinkingTokens: number;
  tokensPerSecond: number;
  /** When the request came, in milliseconds since the epoch. */
  since: number;
}

interface StartedBlock {
  type: string;
  name?: string;
  id?: string;
  tool_use_id?: string;
}

/** Follows the events of a reply as they are sent, to compute the charge if the connection closes now. */
export class Meter {
  readonly #plan: Plan;
  /** Calls of server tools that were sent: id → name. */
  readonly #uses = new Map<unknown, string>();
  /** The number of search results sent whose call was in an earlier reply. */
  #late = 0;
  #block = '';
  #output = 0;
  #last: number;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#last = plan.since;
  }

  saw(event: StreamEvent): void {
    if (event.type === 'content_block_start') this.#start(event.content_block as StartedBlock);
    else if (event.type === 'content_block_delta') this.#delta(event.delta as Record<string, string>);
    else if (event.type === 'content_block_stop') {
      if (isThinking({ type: this.#block })) this.#output += this.#plan.thinkingTokens;
    } else return;
    this.#last = Date.now();
  }

  #start({ type, id, name, tool_use_id }: StartedBlock): void {
    this.#block = type;
    if (type === 'server_tool_use') this.#uses.set(id, String(name));
    if (type === 'web_search_tool_result' && !this.#uses.has(tool_use_id)) this.#late++;
  }

  #delta({ text, partial_json }: Record<string, string>): void {
    this.#output += Buffer.byteLength(text ?? partial_json ?? '') / 4;
  }

  /**
   * The usage of a reply that was cut: one reading of the input, one more for each server tool call that was
   * sent, and the output. The output is what was sent and what the model went on to write, at its usual
   * speed, until the connection closed.
   */
  cut(): Record<string, unknown> {
    const { usage, maxTokens, tokensPerSecond } = this.#plan;
    const seconds = (Date.now() - this.#last) / 1000;
    const written = Math.min(maxTokens, Math.ceil(this.#output + seconds * tokensPerSecond));
    const all = Array.isArray(usage.iterations) ? (usage.iterations as Iteration[]) : [passOf(usage)];
    const messages = all.filter(({ type }) => type === 'message');
    const passes = Array.from({ length: 1 + this.#uses.size }, (_, i) => ({
      ...(messages[Math.min(i, messages.length - 1)] ?? passOf(usage)),
      output_tokens: i === 0 ? written : 0,
    }));
    const named = (name: string) => [...this.#uses.values()].filter((use) => use === name).length;
    const uses = {
      web_search_requests: named('web_search') + this.#late,
      web_fetch_requests: named('web_fetch'),
    };
    return {
      ...totalOf(passes),
      iterations: [...all.filter(({ type }) => type !== 'message'), ...passes],
      ...(uses.web_search_requests + uses.web_fetch_requests > 0 ? { server_tool_use: uses } : {}),
    };
  }
}

/** The totals of a usage as one pass. */
function passOf(usage: Record<string, unknown>): Iteration {
  const number = (value: unknown) => (typeof value === 'number' ? value : 0);
  const kept = usage.cache_creation as Partial<Iteration['cache_creation']> | undefined;
  const written = number(usage.cache_creation_input_tokens);
  const hour = number(kept?.ephemeral_1h_input_tokens);
  return {
    type: 'message',
    input_tokens: number(usage.input_tokens),
    cache_read_input_tokens: number(usage.cache_read_input_tokens),
    cache_creation_input_tokens: written,
    cache_creation: { ephemeral_5m_input_tokens: written - hour, ephemeral_1h_input_tokens: hour },
    output_tokens: number(usage.output_tokens),
  };
}

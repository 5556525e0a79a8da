import type { AnswerBlock } from '../protocol.ts';
import type { Input } from './cache.ts';
import { isServerResult } from './rule.ts';
import { isThinking } from './seal.ts';
import { tokensOf } from './tokens.ts';

/** Tokens of a thinking block where the script gives no number; most of the thinking is not shown. */
export const THINKING_TOKENS = 60;

/** One pass of the model over its input, as the API lists it. */
export interface Iteration extends Input {
  type: 'message' | 'compaction';
  output_tokens: number;
}

export interface Usage extends Input {
  output_tokens: number;
  output_tokens_details: { thinking_tokens: number };
  iterations: Iteration[];
  server_tool_use?: { web_search_requests: number; web_fetch_requests: number };
}

interface Told {
  content: readonly AnswerBlock[];
  /** The first reading of the input. */
  first: Input;
  /** Tokens of system and tools, which are read again after a summary has replaced all messages. */
  kept: number;
  maxTokens: number;
  thinkingTokens?: number;
}

/**
 * The usage of a reply. After each round of server tools the model reads its input again, from the cache as
 * far as it was stored, and then its own output and the results. A summary is a pass of its own, which the
 * totals leave out.
 */
export function usageOf({ content, first, kept, maxTokens, thinkingTokens = THINKING_TOKENS }: Told): Usage {
  const iterations: Iteration[] = [];
  let input = { ...first };
  const summary = content.find(({ type }) => type === 'compaction') as { content?: unknown } | undefined;
  if (summary) {
    iterations.push({ type: 'compaction', ...first, output_tokens: tokensOf(summary.content ?? '') });
    input = uncached(kept + tokensOf(summary.content ?? ''));
  }
  let left = maxTokens;
  let thought = 0;
  for (const [i, round] of roundsOf(content).entries()) {
    if (i > 0) input = again(input);
    input.input_tokens += round.before;
    const thinking = round.thinking * thinkingTokens;
    const output = Math.min(left, round.written + thinking);
    thought += Math.min(thinking, output);
    left -= output;
    iterations.push({ type: 'message', ...input, output_tokens: output });
    input.input_tokens += output;
  }
  const uses = served(content);
  return {
    ...totalOf(iterations.filter(({ type }) => type === 'message')),
    output_tokens_details: { thinking_tokens: thought },
    iterations,
    ...(uses.web_search_requests + uses.web_fetch_requests > 0 ? { server_tool_use: uses } : {}),
  };
}

/** The sums of several passes. */
export function totalOf(iterations: readonly Iteration[]) {
  const sum = (of: (iteration: Iteration) => number) => iterations.reduce((all, one) => all + of(one), 0);
  return {
    input_tokens: sum((one) => one.input_tokens),
    output_tokens: sum((one) => one.output_tokens),
    cache_read_input_tokens: sum((one) => one.cache_read_input_tokens),
    cache_creation_input_tokens: sum((one) => one.cache_creation_input_tokens),
    cache_creation: {
      ephemeral_5m_input_tokens: sum((one) => one.cache_creation.ephemeral_5m_input_tokens),
      ephemeral_1h_input_tokens: sum((one) => one.cache_creation.ephemeral_1h_input_tokens),
    },
  };
}

interface Round {
  /** Tokens of the server tool results before the round. */
  before: number;
  written: number;
  thinking: number;
}

/**
 * The passes of the model: a new pass begins after results of server tools. Results at the beginning belong
 * to calls that were pending and begin no new pass.
 */
function roundsOf(content: readonly AnswerBlock[]): Round[] {
  let round: Round = { before: 0, written: 0, thinking: 0 };
  const rounds = [round];
  let found = 0;
  for (const block of content) {
    if (isServerResult(block)) {
      found += tokensOf(block);
      continue;
    }
    if (found > 0) {
      const untouched = round.written + round.thinking === 0;
      if (!untouched) {
        round = { before: 0, written: 0, thinking: 0 };
        rounds.push(round);
      }
      round.before += found;
      found = 0;
    }
    if (isThinking(block)) round.thinking++;
    else if (block.type !== 'compaction') round.written += tokensOf(block);
  }
  return rounds;
}

const again = (input: Input): Input => ({
  ...uncached(input.input_tokens),
  cache_read_input_tokens: input.cache_read_input_tokens + input.cache_creation_input_tokens,
});

const uncached = (tokens: number): Input => ({
  input_tokens: tokens,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
});

/** The numbers of searches and page fetches that were run; a failed one is not charged. */
function served(content: readonly AnswerBlock[]) {
  const count = (type: string) =>
    content.filter((block) => block.type === type && !failed((block as { content?: unknown }).content))
      .length;
  return {
    web_search_requests: count('web_search_tool_result'),
    web_fetch_requests: count('web_fetch_tool_result'),
  };
}

const failed = (content: unknown) =>
  String((content as { type?: unknown } | undefined)?.type).endsWith('_error');

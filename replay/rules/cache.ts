import { createHash } from 'node:crypto';
import type { MessagesRequest } from '../protocol.ts';
import { blocksOf, isObject } from './rule.ts';
import { TOOLS_OVERHEAD, tokensOf } from './tokens.ts';

/** A mark finds what was stored at most so many blocks before it. */
const LOOK_BACK = 20;
/** A shorter prefix is not stored. */
const LEAST_TOKENS = 1024;

/** One reading of the input, split by where it came from and how long it is kept. */
export type Input = {
  input_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
  cache_creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number };
};

/**
 * The rule by which the Messages API keeps what it has read: the prompt is a row of blocks (tools, system,
 * messages); up to each block with a `cache_control`, and the last one where the request has it, a prefix is
 * stored; the longest stored prefix that is the same byte for byte is read. Each model has a store of its
 * own; nothing is forgotten.
 */
export class PromptCache {
  readonly #stored = new Set<string>();

  /** The usage that the API would tell for reading this request once. */
  read(request: MessagesRequest): Input {
    const hash = createHash('sha256').update(request.model);
    let tokens = request.tools?.length ? TOOLS_OVERHEAD : 0;
    const prefixes = rowOf(request).map(({ block, ttl }, at) => {
      tokens += tokensOf(block);
      return { key: hash.update(JSON.stringify(block)).copy().digest('hex'), tokens, ttl, at };
    });
    const marked = prefixes.flatMap(({ ttl, ...prefix }) => (ttl === null ? [] : [{ ...prefix, ttl }]));
    const found = marked
      .flatMap(({ at }) => prefixes.slice(Math.max(0, at - LOOK_BACK), at + 1))
      .filter(({ key }) => this.#stored.has(key));
    const read = Math.max(0, ...found.map((prefix) => prefix.tokens));
    const written = { '5m': 0, '1h': 0 };
    let kept = read;
    // Each mark writes what stands between the one before it and itself.
    for (const mark of marked) {
      if (mark.tokens < LEAST_TOKENS) continue;
      written[mark.ttl] += Math.max(0, mark.tokens - kept);
      kept = Math.max(kept, mark.tokens);
      this.#stored.add(mark.key);
    }
    return {
      input_tokens: tokens - kept,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: kept - read,
      cache_creation: { ephemeral_5m_input_tokens: written['5m'], ephemeral_1h_input_tokens: written['1h'] },
    };
  }
}

/**
 * The blocks of a request in the order in which they are read, without their marks, with how long a mark
 * keeps them.
 */
function rowOf({ tools, system, messages, cache_control }: MessagesRequest) {
  const row = [
    ...(tools ?? []),
    ...(typeof system === 'string' ? [{ system }] : (system ?? [])),
    ...messages.flatMap(({ role, content }) => blocksOf(content).map((block) => ({ ...block, role }))),
  ] as Record<string, unknown>[];
  return row.map(({ cache_control: own, ...block }, at) => {
    const mark = own ?? (at === row.length - 1 ? cache_control : undefined);
    return { block, ttl: isObject(mark) ? ttlOf(mark) : null };
  });
}

const ttlOf = ({ ttl }: Record<string, unknown>) => (ttl === '1h' ? ('1h' as const) : ('5m' as const));

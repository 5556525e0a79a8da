import { createHash } from 'node:crypto';
import type { MessagesRequest } from '../protocol.ts';
import { blocksOf, isObject } from './rule.ts';
import { TOOLS_OVERHEAD, tokensOf } from './tokens.ts';

/** A cache mark finds a stored prefix that ends at most this many blocks before it. */
const LOOK_BACK = 20;
/** A prefix of fewer tokens is not stored. */
const LEAST_TOKENS = 1024;

/** Tokens of one reading of the input: uncached, read from the cache, and written to it by lifetime. */
export type Input = {
  input_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
  cache_creation: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number };
};

/**
 * The prompt cache of the Messages API. The prompt is a sequence of blocks: tools, system, messages. The
 * prefix up to each block with a `cache_control` is stored, and the whole prompt where the request itself has
 * one. The longest stored prefix that is identical byte for byte is read. Each model has its own store;
 * entries never expire.
 */
export class PromptCache {
  readonly #stored = new Set<string>();

  /** The usage for reading this request once; stores its marked prefixes. */
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
    // Each mark writes the tokens between the mark before it and itself.
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
 * The blocks of a request in reading order, without their cache marks; `ttl` is the lifetime of a block's
 * mark, null without one.
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

import type { AnswerBlock, MessagesRequest } from '#replay/protocol';

/** US dollars a million tokens, as the server of this night sees it: not the supervisor's table. */
const PRICE = { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 };

export interface Billed {
  usage: Record<string, number>;
  usd: number;
}

/** What a request costs: its tokens, over the tiers of the cache as it comes, and the reply's, with thoughts that nobody sees. */
export function billFor(
  request: MessagesRequest,
  content: readonly AnswerBlock[],
  random: () => number,
  atLeast = 0,
): Billed {
  const { messages, system, tools, max_tokens } = request;
  const input = Math.ceil(JSON.stringify([messages, system, tools]).length / 4);
  const read = Math.floor(input * random());
  const write = Math.floor((input - read) * random());
  const said = Math.ceil(JSON.stringify(content).length / 4) + Math.floor(random() * 400);
  const output = Math.min(max_tokens, Math.max(said, atLeast));
  const plain = input - read - write;
  const cost =
    plain * PRICE.input + read * PRICE.cacheRead + write * PRICE.cacheWrite + output * PRICE.output;
  return {
    usage: {
      input_tokens: plain,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: write,
      output_tokens: output,
    },
    usd: cost / 1e6,
  };
}

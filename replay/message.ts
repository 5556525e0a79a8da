import type { AnswerBlock, Reply } from './protocol.ts';
import { contentOf, isToolUse, newId } from './reply.ts';
import { asShown, type Binding, tellsTransformations } from './rules/binding.ts';
import type { PromptCache } from './rules/cache.ts';
import type { Call } from './rules/rule.ts';
import { inputTokens } from './rules/tokens.ts';
import { usageOf } from './rules/usage.ts';

/** A whole message as the API returns it without streaming. */
export interface Message {
  id: string;
  type: 'message';
  role: 'assistant';
  model: string;
  content: AnswerBlock[];
  stop_reason: string;
  stop_sequence: null;
  usage: Record<string, unknown>;
  context_management?: unknown;
  input_transformations?: unknown;
}

/**
 * The reply as one message: content completed, usage computed by the server (rules/usage.ts), stop reason
 * filled in.
 */
export function messageOf(reply: Reply, call: Call, bound: Binding, cache: PromptCache): Message {
  const { request } = call;
  const content = contentOf(reply, request);
  const shown = asShown(request, bound.transformations);
  const usage = usageOf({
    content,
    first: cache.read(shown),
    kept: inputTokens({ ...request, messages: [] }),
    maxTokens: request.max_tokens,
    thinkingTokens: reply.thinkingTokens,
  });
  return {
    id: newId('msg'),
    type: 'message',
    role: 'assistant',
    model: reply.model ?? request.model,
    content,
    stop_reason: reply.stopReason ?? (content.some(isToolUse) ? 'tool_use' : 'end_turn'),
    stop_sequence: null,
    usage: reply.usage ? overridden(usage, reply.usage) : { ...usage },
    ...(reply.contextManagement === undefined ? {} : { context_management: reply.contextManagement }),
    ...(tellsTransformations(call) ? { input_transformations: bound.transformations } : {}),
  };
}

/**
 * The server's usage with the script's numbers in it. The breakdowns of the server's totals no longer fit and
 * are removed.
 */
function overridden(usage: object, over: Record<string, unknown>): Record<string, unknown> {
  return { ...usage, iterations: undefined, cache_creation: undefined, ...over };
}

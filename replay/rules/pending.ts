import type { MessageParam, MessagesRequest } from '../protocol.ts';
import { type Block, blocksOf, isServerResult, type Rule, type Violation } from './rule.ts';
import { offeredTools } from './turns.ts';

/** A call of a server tool whose result has not come yet. */
export interface PendingUse {
  id: string;
  name: string;
  /** The index of the message that holds the call. */
  at: number;
}

interface Read {
  open: PendingUse[];
  violation: Violation | null;
}

/**
 * While a server tool call is pending, only results of the client's tool calls of that turn may follow, and
 * the next reply begins with the result of the server tool.
 */
export const pendingUses: Rule = (call) => {
  const { open, violation } = read(call.request);
  if (violation) return violation;
  const offered = offeredTools(call.request);
  const gone = open.find(({ name }) => !offered.has(name));
  if (!gone) return null;
  return {
    path: `messages.${gone.at}`,
    message: `\`${gone.name}\` tool use with id \`${gone.id}\` is pending, but \`${gone.name}\` is not one of the tools that are offered`,
  };
};

/** The calls of server tools that the next reply has to answer. */
export function pendingOf(request: Pick<MessagesRequest, 'messages'>): PendingUse[] {
  return read(request).open;
}

function read({ messages }: Pick<MessagesRequest, 'messages'>): Read {
  let open: PendingUse[] = [];
  for (const [at, message] of messages.entries()) {
    const violation =
      message.role === 'assistant'
        ? orphan(message, open, at)
        : interruption(message, messages[at - 1], open);
    if (violation) return { open, violation };
    if (message.role !== 'assistant') continue;
    const blocks = blocksOf(message.content);
    const found = new Set(blocks.filter(isServerResult).map((block) => block.tool_use_id));
    const late = open.find(({ id }) => !found.has(id));
    if (late) return { open, violation: withoutResult(late) };
    open = blocks
      .filter(({ type, id }) => type === 'server_tool_use' && !found.has(id))
      .map(({ id, name }) => ({ id: String(id), name: String(name), at }));
  }
  return { open, violation: null };
}

/** A result whose call does not stand before it. A summary may have taken the call's place. */
function orphan({ content }: MessageParam, open: readonly PendingUse[], at: number): Violation | null {
  const asked = new Set<unknown>(open.map(({ id }) => id));
  for (const [j, block] of blocksOf(content).entries()) {
    if (block.type === 'server_tool_use') asked.add(block.id);
    if (!isServerResult(block) || asked.delete(block.tool_use_id)) continue;
    return {
      path: `messages.${at}.content.${j}`,
      message: `unexpected \`tool_use_id\` found in \`${block.type}\` blocks: ${block.tool_use_id}. Each \`${block.type}\` block must have a corresponding \`server_tool_use\` block before it.`,
    };
  }
  return null;
}

/** The violation of a message that may not follow a pending server tool call. */
function interruption(
  { role, content }: MessageParam,
  before: MessageParam | undefined,
  [pending]: readonly PendingUse[],
) {
  if (!pending) return null;
  const calls =
    before?.role === 'assistant' && blocksOf(before.content).some(({ type }) => type === 'tool_use');
  if (role === 'user' && calls && blocksOf(content).every(isResult)) return null;
  return withoutResult(pending);
}

const isResult = ({ type }: Block) => type === 'tool_result';

const withoutResult = ({ id, name, at }: PendingUse): Violation => ({
  path: `messages.${at}`,
  message: `\`${name}\` tool use with id \`${id}\` was found without a corresponding \`${name}_tool_result\` block. It is pending: only \`tool_result\` blocks may follow.`,
});

import type { MessageParam, MessagesRequest } from '../protocol.ts';
import { type Block, blocksOf, isObject, isServerResult, type Rule, type Violation } from './rule.ts';

type Found = Violation | null;

/** The order of the roles, the blocks that each role may send, and how a conversation may end. */
export const turns: Rule = ({ request }) => {
  const { messages } = request;
  if (messages[0]?.role !== 'user') {
    return { path: 'messages.0', message: "the first message must use the 'user' role" };
  }
  for (const [i, message] of messages.entries()) {
    const found =
      (message.role === 'system' ? systemPlace(messages, i) : null) ?? blocksOfRole(message, `messages.${i}`);
    if (found) return found;
  }
  return lastTurn(messages);
};

function systemPlace(messages: readonly MessageParam[], i: number): Found {
  const before = messages[i - 1];
  const after = messages[i + 1];
  const path = `messages.${i}`;
  if (before?.role !== 'user' && !(before?.role === 'assistant' && endsInServerResult(before))) {
    return {
      path,
      message:
        "role 'system' must follow a 'user' message or an 'assistant' message ending in a server tool result",
    };
  }
  if (after && after.role !== 'assistant') {
    return {
      path,
      message: "role 'system' must be the last message or be followed by an 'assistant' message",
    };
  }
  return null;
}

const endsInServerResult = ({ content }: MessageParam) => {
  const last = blocksOf(content).at(-1);
  return last !== undefined && isServerResult(last);
};

const COMMON = ['text', 'image', 'document', 'search_result'];
const OF_USER = new Set([...COMMON, 'tool_result', 'container_upload', 'mcp_tool_listing']);
const OF_SYSTEM = new Set(['text', 'tool_removal', 'tool_addition']);
const NOT_OF_ASSISTANT = new Set(['tool_result', 'container_upload', 'tool_removal', 'tool_addition']);

function blocksOfRole({ role, content }: MessageParam, path: string): Found {
  for (const [at, { type }] of blocksOf(content).entries()) {
    const mayStand =
      role === 'assistant' ? !NOT_OF_ASSISTANT.has(type) : (role === 'user' ? OF_USER : OF_SYSTEM).has(type);
    if (mayStand) continue;
    return {
      path: `${path}.content.${at}`,
      message: `\`${type}\` blocks can not be in \`${role}\` messages`,
    };
  }
  return null;
}

/**
 * An assistant message may be the last one only if its turn is unfinished: it ends in a server tool call or
 * result.
 */
function lastTurn(messages: readonly MessageParam[]): Found {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') return null;
  const block = blocksOf(last.content).at(-1);
  if (block && (block.type === 'server_tool_use' || isServerResult(block))) return null;
  return {
    path: `messages.${messages.length - 1}`,
    message:
      'This model does not support assistant message prefill. The conversation must end with a user message.',
  };
}

/**
 * A tool that is added in mid-conversation is one of `tools` or comes with its definition; a tool that is
 * removed was offered.
 */
export const toolChanges: Rule = ({ request }) => {
  const known = new Set((request.tools ?? []).map(({ name }) => name));
  const offered = new Set(known);
  for (const [i, { role, content }] of request.messages.entries()) {
    if (role !== 'system') continue;
    for (const [j, block] of blocksOf(content).entries()) {
      const found = change(block, known, offered);
      if (found) return { path: `messages.${i}.content.${j}.tool`, message: found };
    }
  }
  return null;
};

/** Applies a tool change to `known` and `offered`; returns what is wrong with it, or null. */
function change(
  block: Block,
  known: Set<string | undefined>,
  offered: Set<string | undefined>,
): string | null {
  if (block.type !== 'tool_removal' && block.type !== 'tool_addition') return null;
  if (!isObject(block.tool)) return 'Input should be an object';
  const { type, name, definition } = block.tool;
  if (block.type === 'tool_addition' && type === 'tool_definition' && isObject(definition)) {
    known.add(String(definition.name));
    offered.add(String(definition.name));
    return null;
  }
  if (type !== 'tool_reference')
    return `Input tag '${type}' found using 'type' is not a tool of this request`;
  if (block.type === 'tool_removal') {
    return offered.delete(String(name))
      ? null
      : `tool '${name}' is not offered, so that it can not be removed`;
  }
  if (!known.has(String(name))) return `tool '${name}' is not one of \`tools\``;
  offered.add(String(name));
  return null;
}

/** The tools that the model is offered after the last message. */
export function offeredTools(request: MessagesRequest): Set<string | undefined> {
  const known = new Set((request.tools ?? []).map(({ name }) => name));
  const offered = new Set(known);
  for (const { role, content } of request.messages) {
    if (role === 'system') for (const block of blocksOf(content)) change(block, known, offered);
  }
  return offered;
}

import { randomUUID } from 'node:crypto';
import type { AnswerBlock, MessagesRequest, OtherBlock, Reply, ToolUseBlock } from './protocol.ts';
import { prefixOf } from './rules/binding.ts';
import { pendingOf } from './rules/pending.ts';
import { type Block, isObject, isServerResult } from './rules/rule.ts';
import { isThinking } from './rules/seal.ts';
import { bindingModel, thinks } from './rules/thinking.ts';
import { offeredTools } from './rules/turns.ts';

/** Thrown where a script's reply is one that the API never gives. */
export class ScriptMistake extends Error {}

/** Stop reasons with which a server tool call stays pending. */
const UNFINISHED = new Set(['pause_turn', 'max_tokens', 'refusal']);

/**
 * The content of a reply as the API returns it: results of pending server tool calls come first, results that
 * the script left out are filled in, blocks get ids, and thinking blocks are signed.
 */
export function contentOf(reply: Reply, request: MessagesRequest): AnswerBlock[] {
  const named = withIds(reply.content);
  const content = [...pendingResults(named, request), ...withResults(named, reply, request)];
  return signed(withThinking(withinUses(content, request), reply, request), request);
}

export const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

export const isToolUse = (block: AnswerBlock): block is ToolUseBlock => block.type === 'tool_use';

/**
 * Gives ids to calls without one. A server tool result without an id belongs to the last server tool call
 * before it.
 */
function withIds(content: readonly AnswerBlock[]): AnswerBlock[] {
  let last: unknown;
  return content.map((block) => {
    if (isToolUse(block)) return { ...block, id: block.id ?? newId('toolu') };
    if (block.type === 'server_tool_use') {
      last = (block as OtherBlock).id ?? newId('srvtoolu');
      return { ...block, id: last };
    }
    return isServerResult(block) ? { tool_use_id: last, ...block } : block;
  });
}

/** Results of the server tool calls that are still pending, except those that the script gives itself. */
function pendingResults(content: readonly AnswerBlock[], request: MessagesRequest): AnswerBlock[] {
  const told = new Set(content.filter(isServerResult).map((block) => (block as OtherBlock).tool_use_id));
  return pendingOf(request)
    .filter(({ id }) => !told.has(id))
    .map(({ id, name }) => resultOf(id, name));
}

/**
 * Adds the result of each server tool call that has none, unless the reply ends before the tool is run. A
 * `pause_turn` without a pending call gets one. Throws ScriptMistake where the request does not offer the
 * tool.
 */
function withResults(content: readonly AnswerBlock[], reply: Reply, request: MessagesRequest): AnswerBlock[] {
  const offered = offeredTools(request);
  const waits = content.some(isToolUse) || UNFINISHED.has(reply.stopReason ?? '');
  const told = new Set(content.filter(isServerResult).map((block) => (block as OtherBlock).tool_use_id));
  const whole = content.flatMap((block) => {
    if (block.type !== 'server_tool_use') return [block];
    const { id, name } = block as OtherBlock;
    if (!offered.has(String(name)))
      throw new ScriptMistake(`${name} is called, which this request does not offer`);
    return waits || told.has(id) ? [block] : [block, resultOf(String(id), String(name))];
  });
  const isPending = ({ type, id }: OtherBlock) => type === 'server_tool_use' && !told.has(id);
  if (reply.stopReason !== 'pause_turn' || whole.some((block) => isPending(block as OtherBlock)))
    return whole;
  const name = ['web_search', 'web_fetch'].find((tool) => offered.has(tool));
  if (!name) throw new ScriptMistake('pause_turn where no web tool is offered');
  return [...whole, { type: 'server_tool_use', id: newId('srvtoolu'), name, input: inputOf(name) }];
}

const inputOf = (name: string) =>
  name === 'web_fetch' ? { url: 'https://example.org/page' } : { query: 'what else is known' };

function resultOf(id: string, name: string): AnswerBlock {
  const content =
    name === 'web_fetch'
      ? {
          type: 'web_fetch_result',
          url: 'https://example.org/page',
          retrieved_at: null,
          content: {
            type: 'document',
            source: { type: 'text', media_type: 'text/plain', data: 'A page.' },
            title: null,
          },
        }
      : [
          {
            type: 'web_search_result',
            url: 'https://example.org/page',
            title: 'A page',
            encrypted_content: 'QSBwYWdl',
            page_age: null,
          },
        ];
  return { type: `${name}_tool_result`, tool_use_id: id, content };
}

/** Applies `max_uses`: results beyond that number in this reply become errors. */
function withinUses(content: readonly AnswerBlock[], { tools }: MessagesRequest): AnswerBlock[] {
  const run = new Map<string, number>();
  return content.map((block) => {
    if (!isServerResult(block)) return block;
    const name = block.type.replace(/_tool_result$/, '');
    const uses = (run.get(name) ?? 0) + 1;
    run.set(name, uses);
    const most = tools?.find((tool) => tool.name === name)?.max_uses;
    if (typeof most !== 'number' || uses <= most) return block;
    return { ...block, content: { type: `${block.type}_error`, error_code: 'max_uses_exceeded' } };
  });
}

const SUMMARISED = 'Weighing what to do next.';

/**
 * Adds a thinking block before all that the model writes, where the model thinks and the script has none. Its
 * text is kept only where the request asks for summaries.
 */
function withThinking(
  content: readonly AnswerBlock[],
  reply: Reply,
  request: MessagesRequest,
): AnswerBlock[] {
  if (bindingModel(request.model) === null) return [...content];
  const shows = isObject(request.thinking) && request.thinking.display === 'summarized';
  const shown = (block: AnswerBlock): AnswerBlock =>
    block.type === 'thinking' && !shows ? { ...block, thinking: '' } : block;
  if (content.some(isThinking)) return content.map(shown);
  if (!thinks(request) || reply.stopReason === 'refusal') return [...content];
  const at = content.findIndex((block) => !isServerResult(block) && block.type !== 'compaction');
  const thinking = { type: 'thinking', thinking: shows ? SUMMARISED : '' };
  return at < 0 ? [...content, thinking] : [...content.slice(0, at), thinking, ...content.slice(at)];
}

/**
 * Signs the thinking blocks. A block that has a signature keeps it, to simulate one that is missing or
 * forged.
 */
function signed(content: readonly AnswerBlock[], request: MessagesRequest): AnswerBlock[] {
  const prefix = prefixOf(request);
  return content.map((block) => {
    const bare = sentBack(block);
    const unsigned = isThinking(block) && bare.signature === undefined && bare.data === undefined;
    const whole = unsigned ? prefix.sign(bare, request.model) : bare;
    prefix.add('assistant', whole);
    return unsigned ? whole : block;
  });
}

/** The block as the client sends it back. */
function sentBack(block: AnswerBlock): Block {
  const { partialJson, ...rest } = block as ToolUseBlock & OtherBlock;
  return rest as Block;
}

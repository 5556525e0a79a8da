import { randomUUID } from 'node:crypto';
import type { AnswerBlock, MessagesRequest, OtherBlock, Reply, ToolUseBlock } from './protocol.ts';
import { prefixOf } from './rules/binding.ts';
import { pendingOf } from './rules/pending.ts';
import { type Block, isObject, isServerResult } from './rules/rule.ts';
import { isThinking } from './rules/seal.ts';
import { bindingModel, thinks } from './rules/thinking.ts';
import { offeredTools } from './rules/turns.ts';

/** A script answered what the API never would. */
export class ScriptMistake extends Error {}

/** Endings with which a call of a server tool stays pending. */
const UNFINISHED = new Set(['pause_turn', 'max_tokens', 'refusal']);

/**
 * The content of a reply as the API gives it out: results of server tools that were pending come first, those
 * that the script left out are filled in, blocks get their ids, and the model's thinking is signed.
 */
export function contentOf(reply: Reply, request: MessagesRequest): AnswerBlock[] {
  const named = withIds(reply.content);
  const content = [...pendingResults(named, request), ...withResults(named, reply, request)];
  return signed(withThinking(withinUses(content, request), reply, request), request);
}

export const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

export const isToolUse = (block: AnswerBlock): block is ToolUseBlock => block.type === 'tool_use';

/** A result without an id is that of the last call before it. */
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

/** What the server tools of the last turn found, as far as the script does not say it. */
function pendingResults(content: readonly AnswerBlock[], request: MessagesRequest): AnswerBlock[] {
  const told = new Set(content.filter(isServerResult).map((block) => (block as OtherBlock).tool_use_id));
  return pendingOf(request)
    .filter(({ id }) => !told.has(id))
    .map(({ id, name }) => resultOf(id, name));
}

/** A call whose result the script left out was run all the same, unless the turn ends before. */
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

/** `max_uses` counts the calls that are run in this request: those above it come back as errors. */
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

/** Thinking stands before all that the model writes; its text is shown only to those who ask for it. */
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

/** A block with a signature of its own keeps it, to act out one that is missing or forged. */
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

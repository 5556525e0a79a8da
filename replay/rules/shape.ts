import type { MessagesRequest } from '../protocol.ts';
import * as known from './fields.ts';
import { type Block, EXTRA, isObject, type Rule, type Violation, valueAt } from './rule.ts';

type Fields = ReadonlySet<string>;
type Found = Violation | null;

/**
 * Refuses every field and type that the API does not know, down to the blocks of messages and tool results.
 */
export const shape: Rule = ({ request }) =>
  extra(request, known.REQUEST, '') ??
  settings(request) ??
  first(request.tools, (tool, i) => toolShape(tool, `tools.${i}`)) ??
  (typeof request.system === 'string'
    ? null
    : first(request.system, (block, i) => blockShape(block, { text: known.BLOCK.text }, `system.${i}`))) ??
  first(request.messages, (message, i) => {
    const path = `messages.${i}`;
    return (
      extra(message, known.MESSAGE[message.role], path) ??
      (typeof message.content === 'string'
        ? null
        : first(message.content, (block, j) => blockShape(block, known.BLOCK, `${path}.content.${j}`)))
    );
  });

/** `/v1/messages/count_tokens` knows fewer fields. */
export const countShape = (body: object): Found => extra(body, known.COUNT_REQUEST, '');

function settings(request: MessagesRequest): Found {
  const { thinking, output_config, context_management, cache_control, tool_choice, metadata } = request;
  return (
    tagged(thinking, known.THINKING, 'thinking') ??
    (isObject(thinking)
      ? extra(thinking.block_binding, known.BLOCK_BINDING, 'thinking.block_binding')
      : null) ??
    extra(output_config, known.OUTPUT_CONFIG, 'output_config') ??
    extra(context_management, known.CONTEXT_MANAGEMENT, 'context_management') ??
    (isObject(context_management)
      ? first(context_management.edits as unknown[], (edit, i) =>
          tagged(edit, known.EDIT, `context_management.edits.${i}`),
        )
      : null) ??
    mark(cache_control, 'cache_control') ??
    tagged(tool_choice, known.TOOL_CHOICE, 'tool_choice') ??
    extra(metadata, known.METADATA, 'metadata') ??
    choices(request)
  );
}

const CHOICES: Record<string, readonly string[]> = {
  'output_config.effort': ['low', 'medium', 'high', 'xhigh', 'max'],
  'thinking.display': ['summarized', 'omitted', 'updates'],
  'thinking.block_binding.prefix_mismatch_behavior': ['error', 'drop_block'],
};

/** Fields that take one of a few words. */
function choices(request: MessagesRequest): Found {
  for (const [path, words] of Object.entries(CHOICES)) {
    const value = valueAt(request, path);
    if (value === undefined || value === null || words.includes(String(value))) continue;
    return { path, message: `Input should be ${listOf(words)}` };
  }
  return null;
}

function toolShape(tool: unknown, path: string): Found {
  if (!isObject(tool)) return { path, message: 'Input should be an object' };
  const named = { ...tool, type: tool.type ?? 'custom' };
  return (
    tagged(named, known.TOOL, path) ??
    mark(tool.cache_control, `${path}.cache_control`) ??
    required(named, path)
  );
}

function required({ type, name, input_schema }: Record<string, unknown>, path: string): Found {
  if (type === 'custom' && !isObject(input_schema))
    return { path: `${path}.input_schema`, message: 'Field required' };
  if (String(type).includes('toolset') || typeof name === 'string') return null;
  return { path: `${path}.name`, message: 'Field required' };
}

/** The required fields of each type of block. */
const REQUIRED: Record<string, readonly string[]> = {
  text: ['text'],
  thinking: ['thinking', 'signature'],
  tool_use: ['id', 'name', 'input'],
  server_tool_use: ['id', 'name', 'input'],
  tool_result: ['tool_use_id'],
  web_search_tool_result: ['tool_use_id', 'content'],
  web_fetch_tool_result: ['tool_use_id', 'content'],
  tool_removal: ['tool'],
  tool_addition: ['tool'],
};
const IDS: Record<string, RegExp> = {
  tool_use: /^[a-zA-Z0-9_-]+$/,
  server_tool_use: /^srvtoolu_[a-zA-Z0-9_]+$/,
};

function blockShape(block: Block, table: Record<string, Fields>, path: string): Found {
  const found = tagged(block, table, path) ?? mark(block.cache_control, `${path}.cache_control`);
  if (found) return found;
  const missing = REQUIRED[block.type]?.find((field) => block[field] === undefined || block[field] === null);
  // The API's path includes the type of the block: `messages.1.content.0.thinking.signature`.
  if (missing) return { path: `${path}.${block.type}.${missing}`, message: 'Field required' };
  const pattern = IDS[block.type];
  if (pattern && !pattern.test(String(block.id))) {
    return { path: `${path}.${block.type}.id`, message: `String should match pattern '${pattern.source}'` };
  }
  if (block.type !== 'tool_result' || !Array.isArray(block.content)) return null;
  return first(block.content as Block[], (inner, k) =>
    blockShape(inner, known.RESULT_BLOCK, `${path}.content.${k}`),
  );
}

function mark(value: unknown, path: string): Found {
  if (value === undefined || value === null) return null;
  const found = tagged(value, { ephemeral: known.CACHE_CONTROL }, path);
  if (found) return found;
  const { ttl } = value as { ttl?: unknown };
  return ttl === undefined || ttl === '5m' || ttl === '1h'
    ? null
    : { path: `${path}.ttl`, message: `Input should be ${listOf(['5m', '1h'])}` };
}

/** An object whose `type` is in the table, and which has only the fields of that type. */
function tagged(value: unknown, table: Record<string, Fields>, path: string): Found {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) return { path, message: 'Input should be an object' };
  const { type } = value;
  if (type === undefined) return { path: `${path}.type`, message: 'Field required' };
  const fields = typeof type === 'string' && Object.hasOwn(table, type) ? table[type] : undefined;
  if (fields) return extra(value, fields, path);
  return unknownTag(String(type), Object.keys(table), path);
}

export function unknownTag(type: string, expected: readonly string[], path: string): Violation {
  const tags = expected.map((tag) => `'${tag}'`).join(', ');
  return {
    path,
    message: `Input tag '${type}' found using 'type' does not match any of the expected tags: ${tags}`,
  };
}

function extra(value: unknown, fields: Fields, path: string): Found {
  if (!isObject(value)) return null;
  const field = Object.keys(value).find((name) => !fields.has(name));
  return field === undefined ? null : { path: path === '' ? field : `${path}.${field}`, message: EXTRA };
}

function first<T>(values: readonly T[] | undefined, rule: (value: T, index: number) => Found): Found {
  if (!Array.isArray(values)) return null;
  for (const [index, value] of values.entries()) {
    const found = rule(value, index);
    if (found) return found;
  }
  return null;
}

function listOf(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

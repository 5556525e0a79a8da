import type { MessagesRequest } from '../protocol.ts';
import { type Call, EXTRA, everyBlock, isObject, type Rule, type Violation } from './rule.ts';

/**
 * The values of the `anthropic-beta` header that the API knows: those that the SDK lists, and one that the
 * SDK adds by itself.
 */
export const BETAS: ReadonlySet<string> = new Set(
  `computer-use-2024-10-22 computer-use-2025-01-24 output-128k-2025-02-19 mcp-client-2025-04-04 mcp-client-2025-11-20
  dev-full-thinking-2025-05-14 interleaved-thinking-2025-05-14 code-execution-2025-05-22 context-1m-2025-08-07
  context-management-2025-06-27 model-context-window-exceeded-2025-08-26 fast-mode-2026-02-01 output-300k-2026-03-24
  user-profiles-2026-03-24 user-profiles-2026-08-18 user-profiles-2026-09-04 advisor-tool-2026-03-01
  managed-agents-2026-04-01 dreaming-2026-04-21 thinking-token-count-2026-05-13 server-side-fallback-2026-06-01
  server-side-fallback-2026-07-01 fallback-credit-2026-06-01 fallback-credit-2026-07-01 agent-memory-2026-07-22
  mid-conversation-tool-changes-2026-07-01 compact-2026-01-12 computer-use-2025-11-24 mcp-tunnels-2026-06-22
  structured-outputs-2025-11-13 structured-outputs-2025-12-15 task-budgets-2026-03-13 thinking-display-updates-2026-08-18
  mid-conversation-output-config-2026-07-01 thinking-binding-controls-2026-08-01
  mid-conversation-system-clear-at-2026-08-21 compact-2026-09-04 inline-tools-2026-09-15 mcp-client-2026-09-15
  ce-plugins-2026-09-01 spend-limit-reads-2026-09-26 telemetry-destinations-2026-08-11 webhooks-2026-10-07
  admin-user-sign-out-2026-10-08 message-threads-2026-08-12 analytics-usage-cost-2026-08-24
  experimental-claude-tag-2026-10-21 message-batches-2024-09-24 prompt-caching-2024-07-31 pdfs-2024-09-25
  token-counting-2024-11-01 token-efficient-tools-2025-02-19 files-api-2025-04-14 extended-cache-ttl-2025-04-11
  skills-2025-10-02 cache-diagnosis-2026-04-07 ce-user-management-2026-07-13 ce-claude-code-managed-settings-2026-10-06
  user-profiles-billing-2026-10-01`.split(/\s+/),
);

export const BINDING_CONTROLS = 'thinking-binding-controls-2026-08-01';

/** The values of the header, which may be sent several times with several values each. */
export function betasOf(header: string | string[] | undefined): Set<string> {
  return new Set(
    [header ?? []]
      .flat()
      .flatMap((line) => line.split(','))
      .map((value) => value.trim())
      .filter((value) => value !== ''),
  );
}

export const knownBetas: Rule = ({ betas }) => {
  const unknown = [...betas].filter((value) => !BETAS.has(value));
  return unknown.length === 0 ? null : unexpected(unknown);
};

export function unexpected(values: readonly string[]): Violation {
  const listed = values.map((value) => `\`${value}\``).join(', ');
  return { path: '', message: `Unexpected value(s) ${listed} for the \`anthropic-beta\` header` };
}

/** Top-level fields, each with the beta values of which a request must send one. */
const TOP_LEVEL: Record<string, readonly string[]> = {
  context_management: ['context-management-2025-06-27'],
  compaction: ['compact-2026-09-04'],
  thread: ['message-threads-2026-08-12'],
  mcp_servers: ['mcp-client-2025-04-04', 'mcp-client-2025-11-20', 'mcp-client-2026-09-15'],
  fallbacks: ['server-side-fallback-2026-06-01', 'server-side-fallback-2026-07-01'],
};

/** A field or block that needs a beta is unknown without it. */
export const fieldsWithTheirBetas: Rule = ({ request, betas }: Call) => {
  for (const [path, needs] of needsOf(request)) {
    if (!needs.some((value) => betas.has(value))) return { path, message: EXTRA };
  }
  return null;
};

function* needsOf(request: MessagesRequest): Generator<[path: string, needs: readonly string[]]> {
  for (const [field, needs] of Object.entries(TOP_LEVEL)) {
    if (request[field] !== undefined && request[field] !== null) yield [field, needs];
  }
  const { context_management, thinking, output_config } = request;
  if (isObject(context_management) && Array.isArray(context_management.edits)) {
    for (const [i, edit] of context_management.edits.entries()) {
      if (edit?.type === 'compact_20260112') yield [`context_management.edits.${i}`, ['compact-2026-01-12']];
    }
  }
  if (isObject(thinking)) {
    if (thinking.block_binding) yield ['thinking.block_binding', [BINDING_CONTROLS]];
    if (thinking.display === 'updates') yield ['thinking.display', ['thinking-display-updates-2026-08-18']];
  }
  if (isObject(output_config) && output_config.task_budget) {
    yield ['output_config.task_budget', ['task-budgets-2026-03-13']];
  }
  for (const [i, message] of request.messages.entries()) {
    if (message.clear_at) yield [`messages.${i}.clear_at`, ['mid-conversation-system-clear-at-2026-08-21']];
    if (message.output_config) {
      yield [`messages.${i}.output_config`, ['mid-conversation-output-config-2026-07-01']];
    }
  }
  for (const { path, block } of everyBlock(request)) {
    if (block.type !== 'tool_removal' && block.type !== 'tool_addition') continue;
    yield [path, TOOL_CHANGES];
    if (isObject(block.tool) && block.tool.type === 'tool_definition') yield [`${path}.tool`, [INLINE_TOOLS]];
  }
}

const INLINE_TOOLS = 'inline-tools-2026-09-15';
const TOOL_CHANGES = ['mid-conversation-tool-changes-2026-07-01', INLINE_TOOLS];

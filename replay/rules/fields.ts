/**
 * The fields that the official SDK knows (resources/beta/messages), by the type of the object that has them.
 * fields.test.ts compares this table with the installed SDK.
 */
const fields = (names: string): ReadonlySet<string> => new Set(names.split(' '));
type Fields = Record<string, ReadonlySet<string>>;

export const REQUEST = fields(
  'max_tokens messages model billing_policy cache_control compaction container context_management diagnostics fallback_credit_token fallbacks inference_geo mcp_servers metadata output_config output_format service_tier speed stop_sequences stream system thinking thread tool_choice tools',
);
export const COUNT_REQUEST = fields(
  'messages model billing_policy cache_control compaction context_management mcp_servers output_config output_format speed system thinking tool_choice tools',
);

export const MESSAGE = {
  user: fields('role content'),
  assistant: fields('role content'),
  system: fields('role content clear_at output_config'),
} satisfies Fields;

const result = fields('content tool_use_id type cache_control');
const webResult = fields('content tool_use_id type cache_control caller');
export const BLOCK = {
  text: fields('text type cache_control citations'),
  image: fields('source type cache_control transformations'),
  document: fields('source type cache_control citations context title'),
  search_result: fields('content source title type cache_control citations'),
  thinking: fields('signature thinking type'),
  redacted_thinking: fields('data type'),
  tool_use: fields('id input name type cache_control caller toolset_name'),
  tool_result: fields('tool_use_id type cache_control content is_error toolset_name'),
  server_tool_use: fields('id input name type cache_control caller'),
  web_search_tool_result: webResult,
  web_fetch_tool_result: webResult,
  advisor_tool_result: result,
  code_execution_tool_result: result,
  bash_code_execution_tool_result: result,
  text_editor_code_execution_tool_result: result,
  tool_search_tool_result: result,
  mcp_tool_use: fields('id input name server_name type cache_control'),
  mcp_tool_result: fields('tool_use_id type cache_control content is_error'),
  container_upload: fields('file_id type cache_control'),
  compaction: fields('type cache_control content encrypted_content signature tool_changes'),
  tool_addition: fields('tool type cache_control'),
  tool_removal: fields('tool type cache_control'),
  mcp_tool_listing: fields('mcp_server_name tools type'),
  fallback: fields('from to type trigger'),
} satisfies Fields;

/** Blocks that a tool result may hold. */
export const RESULT_BLOCK = {
  text: BLOCK.text,
  image: BLOCK.image,
  search_result: BLOCK.search_result,
  document: BLOCK.document,
  tool_reference: fields('tool_name type cache_control'),
  browser_state: fields('tabs type cache_control state_changes'),
} satisfies Fields;

const plain = 'name type allowed_callers cache_control defer_loading strict';
const client = fields(`${plain} input_examples`);
const computer = 'display_height_px display_width_px display_number';
const search = `${plain} allowed_domains blocked_domains max_uses user_location`;
const fetch = `${plain} allowed_domains blocked_domains citations max_content_tokens max_uses url_sources`;
const toolset = fields('type cache_control configs');
export const TOOL = {
  custom: fields(
    'input_schema name allowed_callers cache_control defer_loading description eager_input_streaming input_examples strict type',
  ),
  bash_20241022: client,
  bash_20250124: client,
  code_execution_20250522: fields(plain),
  code_execution_20250825: fields(plain),
  code_execution_20260120: fields(plain),
  code_execution_20260521: fields(plain),
  browser_toolset_20260801: toolset,
  computer_20241022: fields(`${plain} input_examples ${computer}`),
  memory_20250818: client,
  computer_20250124: fields(`${plain} input_examples ${computer}`),
  text_editor_20241022: client,
  computer_20251124: fields(`${plain} input_examples ${computer} enable_zoom`),
  computer_toolset_20260801: toolset,
  text_editor_20250124: client,
  text_editor_20250429: client,
  text_editor_20250728: fields(`${plain} input_examples max_characters`),
  web_search_20250305: fields(search),
  web_fetch_20250910: fields(fetch),
  web_search_20260209: fields(search),
  web_fetch_20260209: fields(fetch),
  web_fetch_20260309: fields(`${fetch} use_cache`),
  web_search_20260318: fields(`${search} response_inclusion`),
  web_fetch_20260318: fields(`${fetch} response_inclusion use_cache`),
  advisor_20260301: fields(`${plain} model caching max_tokens max_uses`),
  tool_search_tool_bm25_20251119: fields(plain),
  tool_search_tool_bm25: fields(plain),
  tool_search_tool_regex_20251119: fields(plain),
  tool_search_tool_regex: fields(plain),
  mcp_toolset: fields('mcp_server_name type cache_control configs default_config tools'),
} satisfies Fields;

export const THINKING = {
  enabled: fields('budget_tokens type block_binding display'),
  disabled: fields('type'),
  between_tools: fields('type'),
  adaptive: fields('type block_binding display'),
} satisfies Fields;
export const BLOCK_BINDING = fields('prefix_mismatch_behavior');
export const OUTPUT_CONFIG = fields('effort format task_budget');
export const CONTEXT_MANAGEMENT = fields('edits');
export const EDIT = {
  clear_tool_uses_20250919: fields('type clear_at_least clear_tool_inputs exclude_tools keep trigger'),
  clear_thinking_20251015: fields('type keep'),
  compact_20260112: fields('type instructions pause_after_compaction trigger'),
} satisfies Fields;
export const CACHE_CONTROL = fields('type ttl');
export const TOOL_CHOICE = {
  auto: fields('type disable_parallel_tool_use'),
  any: fields('type disable_parallel_tool_use'),
  tool: fields('name type disable_parallel_tool_use'),
  none: fields('type'),
} satisfies Fields;
export const METADATA = fields('user_id');

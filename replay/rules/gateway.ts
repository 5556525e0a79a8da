import type { MessagesRequest } from '../protocol.ts';
import { unexpected } from './betas.ts';
import { EDIT, TOOL } from './fields.ts';
import { type Call, EXTRA, everyBlock, isObject, type Violation, valueAt } from './rule.ts';
import { unknownTag } from './shape.ts';

/**
 * Refuses what a gateway, an older model or an account does not know: the first name in `refuses` that the
 * request uses. Names are fields (`thinking.display`, `cache_control.ttl`), beta values, types of tools,
 * edits and blocks, and `messages.role.system`.
 */
export function refused({ request, betas }: Call, refuses: readonly string[]): Violation | null {
  for (const name of refuses) {
    if (betas.has(name)) return unexpected([name]);
    const found = use(request, name);
    if (found) return found;
  }
  return null;
}

function use(request: MessagesRequest, name: string): Violation | null {
  if (name === 'messages.role.system') {
    const at = request.messages.findIndex(({ role }) => role === 'system');
    return at < 0 ? null : { path: `messages.${at}.role`, message: UNEXPECTED_ROLE };
  }
  if (name === 'cache_control.ttl') {
    const path = ttlIn(request);
    return path === null ? null : { path, message: EXTRA };
  }
  return tagIn(request, name) ?? fieldIn(request, name);
}

const UNEXPECTED_ROLE =
  'Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.';

function fieldIn(request: MessagesRequest, name: string): Violation | null {
  const value = valueAt(request, name);
  return value === undefined || value === null ? null : { path: name, message: EXTRA };
}

function tagIn(request: MessagesRequest, name: string): Violation | null {
  const { context_management: management } = request;
  const edits = isObject(management) && Array.isArray(management.edits) ? management.edits : [];
  const tagged = [
    ...(request.tools ?? []).map(({ type }, i) => ({ path: `tools.${i}`, type, known: TOOL })),
    ...edits.map(({ type }, i) => ({ path: `context_management.edits.${i}`, type, known: EDIT })),
    ...[...everyBlock(request)].map(({ path, block }) => ({ path, type: block.type, known: {} })),
  ];
  const found = tagged.find(({ type }) => type === name);
  if (!found) return null;
  const others = Object.keys(found.known).filter((type) => type !== name);
  return unknownTag(name, others, found.path);
}

/** The path of the first cache mark with a `ttl`. */
function ttlIn(request: MessagesRequest): string | null {
  const holders: { path: string; block: Record<string, unknown> }[] = [
    { path: '', block: request },
    ...(request.tools ?? []).map((block, i) => ({ path: `tools.${i}.`, block })),
    ...(Array.isArray(request.system) ? request.system : []).map((block, i) => ({
      path: `system.${i}.`,
      block,
    })),
    ...[...everyBlock(request)].map(({ path, block }) => ({ path: `${path}.`, block })),
  ];
  const found = holders.find(
    ({ block }) => isObject(block.cache_control) && block.cache_control.ttl !== undefined,
  );
  return found ? `${found.path}cache_control.ttl` : null;
}

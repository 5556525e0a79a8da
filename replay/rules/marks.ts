import type { MessagesRequest } from '../protocol.ts';
import { everyBlock, isObject, type Rule } from './rule.ts';

const MOST_MARKS = 4;

/** At most four cache marks, and those with a longer lifetime before those with a shorter one. */
export const marks: Rule = ({ request }) => {
  const all = [...marksOf(request)];
  if (all.length > MOST_MARKS) {
    return {
      path: '',
      message: `A maximum of ${MOST_MARKS} blocks with cache_control may be provided. Found ${all.length}.`,
    };
  }
  const short = all.findIndex(({ ttl }) => ttl !== '1h');
  const late = all.find(({ ttl }, i) => ttl === '1h' && short >= 0 && i > short);
  if (!late) return null;
  return {
    path: `${late.path}.ttl`,
    message: `a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: \`tools\`, \`system\`, \`messages\`.`,
  };
};

/**
 * The cache marks in the order in which the API reads them. The mark of the request itself is that of the
 * last block.
 */
function* marksOf(request: MessagesRequest): Generator<{ path: string; ttl: unknown }> {
  const { tools, system, cache_control } = request;
  const blocks = [
    ...(tools ?? []).map((block, i) => ({ path: `tools.${i}`, block })),
    ...(Array.isArray(system) ? system : []).map((block, i) => ({ path: `system.${i}`, block })),
    ...everyBlock(request),
  ] as { path: string; block: Record<string, unknown> }[];
  for (const { path, block } of blocks) {
    const mark = block.cache_control;
    if (isObject(mark)) yield { path: `${path}.cache_control`, ttl: mark.ttl };
  }
  if (isObject(cache_control)) yield { path: 'cache_control', ttl: cache_control.ttl };
}

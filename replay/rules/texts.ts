import { everyBlock, type Rule } from './rule.ts';

const EMPTY = 'text content blocks must be non-empty';

/** Every message has content, and no text block is empty. */
export const texts: Rule = ({ request }) => {
  const { system, messages } = request;
  if (Array.isArray(system)) {
    const at = system.findIndex((block) => block.text === '');
    if (at >= 0) return { path: `system.${at}`, message: EMPTY };
  }
  for (const [i, { content }] of messages.entries()) {
    if (content === '') return { path: `messages.${i}.content.0`, message: EMPTY };
    if (content.length === 0) return { path: `messages.${i}`, message: 'content must not be empty' };
  }
  for (const { path, block } of everyBlock(request)) {
    if (block.type === 'text' && block.text === '') return { path, message: EMPTY };
  }
  return null;
};

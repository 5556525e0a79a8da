import type { Token, Tokens } from 'marked';
import { decodeEntities } from './guards.ts';
import { pieceInLine } from './tags.ts';

/** The pictures that a token is, in Markdown or HTML, by itself or inside a link. */
export function picturesIn(token: Token): { href: string; alt: string }[] {
  const { type, raw, tokens = [], href = '', text: alt = '', title } = token as Tokens.Generic;
  if (type === 'image') return [{ href: decodeEntities(href), alt: decodeEntities(alt || title || '') }];
  if (type === 'html') {
    const tag = pieceInLine(raw);
    if (tag.p !== 'open' || tag.name !== 'img') return [];
    return [{ href: tag.attributes.src ?? '', alt: tag.attributes.alt ?? '' }];
  }
  if (!['link', 'strong', 'em'].includes(type)) return [];
  const inner = tokens.filter((one) => one.raw.trim() !== '').map(picturesIn);
  return inner.every((found) => found.length > 0) ? inner.flat() : [];
}

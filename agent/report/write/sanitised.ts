import sanitize from 'sanitize-html';
import type { Block } from '../document/tree.ts';
import { changeAll } from '../document/walk.ts';

/**
 * Writes a researcher's blocks: escaped, then passed through an allow-list, since formulas come from a
 * library. The allow-list would remove the SVG of plots, which are ours (Vega escapes their text), so plots
 * are inserted afterwards.
 */
export function sanitised(nodes: readonly Block[], block: (node: Block) => string): string {
  const figures: string[] = [];
  const held = changeAll(nodes, (node): Block => {
    if (node.t !== 'figure' || node.picture.kind !== 'plot') return node;
    figures.push(block(node));
    return { t: 'para', c: [{ t: 'text', v: `${PLACE}${figures.length - 1}${PLACE}` }] };
  });
  const safe = sanitize(held.map(block).join('\n'), allowed);
  const places = new RegExp(`<p>${PLACE}(\\d+)${PLACE}</p>`, 'g');
  return safe.replace(places, (_, index) => figures[Number(index)] ?? '');
}

/** Marks the place of a figure: no text of the researcher's holds this character (`clean`). */
const PLACE = '\u0002';

const mathml = (
  'math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle mpadded ' +
  'mphantom menclose semantics'
).split(' ');

const allowed: sanitize.IOptions = {
  allowedTags: [
    ...'h2 h3 h4 h5 p strong em del sub sup details summary code pre span a br ul ol li blockquote hr div table thead tbody tr th td figure img'.split(
      ' ',
    ),
    ...mathml,
  ],
  allowedAttributes: {
    '*': ['class'],
    a: ['href', 'rel'],
    div: ['tabindex', 'role', 'aria-label'],
    pre: ['tabindex'],
    img: ['src', 'alt'],
    ol: ['start'],
    ...Object.fromEntries(
      mathml.map((tag) => [
        tag,
        'class display mathvariant stretchy fence form separator width height depth lspace rspace linethickness scriptlevel displaystyle accent movablelimits notation minsize maxsize'.split(
          ' ',
        ),
      ]),
    ),
  },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowedSchemesByTag: { img: ['data'] },
  allowProtocolRelative: false,
  disallowedTagsMode: 'escape',
};

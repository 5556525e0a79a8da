import { escaped } from '../document/escaped.ts';
import type { Inline } from '../document/tree.ts';

/** Words within a line as HTML: every text is escaped. */
export function inlines(nodes: readonly Inline[]): string {
  return nodes.map(inline).join('');
}

function inline(node: Inline): string {
  switch (node.t) {
    case 'text':
      return escaped(node.v);
    case 'strong':
      return `<strong>${inlines(node.c)}</strong>`;
    case 'em':
      return `<em>${inlines(node.c)}</em>`;
    case 'del':
      return `<del>${inlines(node.c)}</del>`;
    case 'sub':
    case 'sup':
      return `<${node.t}>${inlines(node.c)}</${node.t}>`;
    case 'code':
      return `<code>${escaped(node.v)}</code>`;
    case 'link':
      return `<a href="${escaped(node.href)}" rel="noreferrer noopener">${inlines(node.c)}</a>`;
    case 'file':
      return inlines(node.c);
    case 'math':
      return node.mathml === '' ? `<code>${escaped(node.tex)}</code>` : node.mathml;
    case 'break':
      return '<br>';
  }
}

import { escaped } from '../document/escaped.ts';
import type { Patch } from '../notebook/model.ts';

/** A patch with its lines marked; a long one is a link. */
export function patchHtml({ text, bytes, href }: Patch): string {
  const link = `<a href="${escaped(href)}">change.patch</a> (${Math.ceil(bytes / 1000)} KB)`;
  if (text === null) return `<p>Too long for this page: ${link}.</p>`;
  const lines = text
    .split('\n')
    .map((line) => `<span class="${kindOf(line)}">${escaped(line) || ' '}</span>`);
  return `<p>${link}</p><pre class="diff" tabindex="0">${lines.join('')}</pre>`;
}

function kindOf(line: string): string {
  if (/^(diff|index|new file|deleted file|rename|similarity|---|\+\+\+) /.test(line)) return 'head';
  if (line.startsWith('@@')) return 'hunk';
  return line.startsWith('+') ? 'add' : line.startsWith('-') ? 'remove' : 'keep';
}

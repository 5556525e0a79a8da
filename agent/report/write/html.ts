import { escaped } from '../document/escaped.ts';
import { type Block, type Inline, moreLines, type Report } from '../document/tree.ts';
import { inlines } from './inline.ts';
import { page } from './page.ts';
import { picture } from './picture.ts';
import { sanitised } from './sanitised.ts';

/** Writes a report as one HTML file that opens from disk, without scripts, other files or a network. */
export function writeHtml(report: Report): Promise<string> {
  return page({ title: report.title, body: report.blocks.map(block).join('\n') });
}

export function block(node: Block): string {
  switch (node.t) {
    case 'heading':
      return `<h${node.level + 1}>${inlines(node.c)}</h${node.level + 1}>`;
    case 'para':
      return `<p>${inlines(node.c)}</p>`;
    case 'code': {
      const lines = node.lines.map((line) =>
        line
          .map(({ k, v }) => (k === 'plain' ? escaped(v) : `<span class="k-${k}">${escaped(v)}</span>`))
          .join(''),
      );
      const more = node.omitted > 0 ? `\n<span class="more">${escaped(moreLines(node))}</span>` : '';
      return `<pre tabindex="0">${lines.join('\n')}${more}</pre>`;
    }
    case 'list': {
      const tag = node.ordered ? 'ol' : 'ul';
      const start = node.ordered && node.start !== 1 ? ` start="${node.start}"` : '';
      const items = node.items.map(({ checked, c }) => {
        const inner = c.map(block).join('');
        return checked === null
          ? `<li>${inner}</li>`
          : `<li class="task">${checked ? '☑' : '☐'} ${inner}</li>`;
      });
      return `<${tag}${start}>${items.join('')}</${tag}>`;
    }
    case 'quote':
      return `<blockquote>${node.c.map(block).join('')}</blockquote>`;
    case 'note':
      return `<div class="note ${node.tone}"><p class="label">${escaped(node.label)}</p>${node.c.map(block).join('')}</div>`;
    case 'details':
      return `<details><summary>${inlines(node.summary)}</summary>${node.c.map(block).join('')}</details>`;
    case 'table':
      return table(node);
    case 'rule':
      return '<hr>';
    case 'equation':
      return node.mathml === ''
        ? `<pre tabindex="0">${escaped(node.tex)}</pre>`
        : `<div class="equation" tabindex="0" role="group" aria-label="Formula">${node.mathml}</div>`;
    case 'figure':
      return `<figure>${picture(node.picture, node.alt)}${node.caption ? caption(node.caption) : node.picture.kind === 'file' && node.alt ? `<p class="caption center">${escaped(node.alt)}</p>` : ''}</figure>`;
    case 'missing':
      return `<p class="missing">Picture not shown: ${escaped(node.what)} (${escaped(node.why)})</p>`;
    case 'title':
      return `<header><p class="kicker">${escaped(node.kicker)}</p><h1>${escaped(node.title)}</h1><p class="facts-line">${node.facts.map(escaped).join(' &nbsp;·&nbsp; ')}</p><p>${node.badges.map(({ v, tone }) => `<span class="badge ${tone}">${escaped(v)}</span>`).join('')}</p></header>`;
    case 'cards':
      return `<div class="cards">${node.cards.map((card) => `<div class="card${card.main ? ' main' : ''}"><small>${escaped(card.label)}</small><b${card.value.length > 9 ? ' class="long"' : ''}>${escaped(card.value)}</b><small>${escaped(card.note)}</small></div>`).join('')}</div>`;
    case 'callout':
      return `<p class="callout ${node.tone}"><strong>${escaped(node.label)}:</strong> <span>${inlines(node.c)}</span></p>`;
    case 'facts':
      return `<dl class="facts">${node.rows.map((row) => `<dt>${escaped(row.label)}</dt><dd>${inlines(row.c)}</dd>`).join('')}</dl>`;
    case 'diff': {
      const files = node.files.map(({ path, note, lines }) => {
        const signs = { add: '+ ', remove: '− ', keep: '  ', hunk: '' };
        const body = lines
          .map(({ k, v }) => `<span class="${k}">${signs[k]}${escaped(v) || ' '}</span>`)
          .join('');
        return `<p class="file"><code>${escaped(path)}</code> <span>${escaped(note)}</span></p>${body ? `<pre class="diff" tabindex="0">${body}</pre>` : ''}`;
      });
      const more =
        node.omitted > 0
          ? `<p class="omitted">${node.omitted} more lines are in ${escaped(node.whole)}</p>`
          : '';
      return files.join('') + more;
    }
    case 'untrusted':
      return node.c.length === 0
        ? ''
        : `<section class="theirs"><p class="whose">${escaped(node.label)}</p>${sanitised(node.c, block)}</section>`;
  }
}

function table(node: Extract<Block, { t: 'table' }>): string {
  const cell = (tag: 'td' | 'th', c: Inline[], index: number) => {
    const align = node.align[index] === 'left' ? '' : ` class="${node.align[index]}"`;
    return `<${tag}${align}>${inlines(c)}</${tag}>`;
  };
  const head = node.head.map((c, index) => cell('th', c, index)).join('');
  const rows = node.rows.map(
    ({ cells, tone }) =>
      `<tr${tone === 'plain' ? '' : ` class="${tone}"`}>${cells.map((c, index) => cell('td', c, index)).join('')}</tr>`,
  );
  const wide = node.head.length > 9 ? ' class="wide"' : '';
  const name = node.caption ? node.caption.label.replace(/\.$/, '') : 'Table';
  return `<div class="scroll" tabindex="0" role="group" aria-label="${escaped(name)}"><table${wide}><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${node.omitted ? `<p class="omitted">${escaped(node.omitted)}</p>` : ''}${node.caption ? caption(node.caption) : ''}`;
}

function caption({ label, c }: { label: string; c: Inline[] }): string {
  return `<p class="caption"><b>${escaped(label)}</b>${inlines(c)}</p>`;
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sanitize from 'sanitize-html';
import { escaped } from '../document/escaped.ts';
import type { Block, Inline, LegendItem, Picture, Report } from '../document/tree.ts';
import { changeAll } from '../document/walk.ts';
import { type FontFace, faces, fontFile, signs } from './fonts.ts';
import { mathCharacters } from './math-characters.ts';
import { subsetWoff } from './subset.ts';

const css = readFileSync(new URL('./style.css', import.meta.url), 'utf8');
const mathCss = readFileSync(new URL('./math.css', import.meta.url), 'utf8');

/** The page runs no script and fetches nothing: pictures and fonts are inside it. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";

/** Writes a report as one HTML file that opens from disk, without scripts, other files or a network. */
export function writeHtml(report: Report): Promise<string> {
  return page({ title: report.title, body: report.blocks.map(block).join('\n') });
}

/** What a page has besides its body where it is more than a text. All of it is trusted. */
export interface Program {
  css: string;
  /** The one script that the page may run: its hash stands in the policy. */
  script: string;
  /** What the script reads, as elements that no browser shows or runs. */
  data: string;
  /** Letters that only the script shows, those of formulas inside `<math>`. */
  letters: string;
  /** Seconds after which the page is loaded again; null: never. */
  refresh: number | null;
}

/** A whole page around `body`, which is trusted. */
export async function page({
  title,
  body,
  program,
}: {
  title: string;
  body: string;
  program?: Program;
}): Promise<string> {
  const main = `<main>\n${body}\n</main>`;
  const policy = program ? `${POLICY}; script-src '${hashOf(program.script)}'` : POLICY;
  const again = program?.refresh
    ? `\n<noscript><meta http-equiv="refresh" content="${program.refresh}"></noscript>`
    : '';
  const end = program ? `\n${program.data}\n<script>${program.script}</script>` : '';
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">${again}
<title>${escaped(title)}</title>
<style>
${await fontFaces(`${title}${main}${program?.letters ?? ''}`)}
${css}${`${main}${program?.letters ?? ''}`.includes('<math') ? mathCss : ''}${program?.css ?? ''}</style>
</head>
<body${program?.refresh ? ` data-refresh="${program.refresh}"` : ''}>
${main}${end}
</body>
</html>
`;
}

/** The hash by which a policy allows a script. */
const hashOf = (script: string) => `sha256-${createHash('sha256').update(script).digest('base64')}`;

/** The fonts, reduced to the characters of this page. */
async function fontFaces(html: string): Promise<string> {
  const used = new Set<number>([...`${html}&<>"'`].map((letter) => letter.codePointAt(0) ?? 32));
  // The style sheet makes some text upper case.
  for (const letter of html.toUpperCase()) used.add(letter.codePointAt(0) ?? 32);
  // The fonts of arrows, box signs and emoji are large: they are included only where such characters occur.
  const special = new Set([...used].filter((character) => character >= 0x2190));
  const wanted: [FontFace, ReadonlySet<number>][] = faces.map((face) => [face, used]);
  if (special.size > 0) wanted.push(...signs.map((face): [FontFace, ReadonlySet<number>] => [face, special]));
  const [math] = signs;
  const formulas = mathCharacters(html);
  // A browser stretches brackets and roots only with a font that has a table for it.
  if (math && formulas.size > 0) wanted.push([{ ...math, family: 'Formulas' }, formulas]);
  const rules = wanted.map(async ([face, characters]) => {
    const font = await subsetWoff(fontFile(face), characters);
    const data = font.toString('base64');
    return `@font-face{font-family:"${face.family}";font-weight:${face.weight};font-style:${face.style};src:url(data:font/woff;base64,${data}) format("woff")}`;
  });
  return (await Promise.all(rules)).join('\n');
}

function inlines(nodes: readonly Inline[]): string {
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
      const more = node.omitted > 0 ? `\n<span class="more">${node.omitted} more lines left out</span>` : '';
      return `<pre>${lines.join('\n')}${more}</pre>`;
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
        ? `<pre>${escaped(node.tex)}</pre>`
        : `<div class="equation">${node.mathml}</div>`;
    case 'figure':
      return `<figure>${picture(node.picture, node.alt)}${node.caption ? caption(node.caption) : node.picture.kind === 'file' && node.alt ? `<p class="caption center">${escaped(node.alt)}</p>` : ''}</figure>`;
    case 'missing':
      return `<p class="missing">Picture not shown: ${escaped(node.what)} (${escaped(node.why)})</p>`;
    case 'title':
      return `<header><p class="kicker">${escaped(node.kicker)}</p><h1>${escaped(node.title)}</h1><p class="facts-line">${node.facts.map(escaped).join(' &nbsp;·&nbsp; ')}</p><p>${node.badges.map(({ v, tone }) => `<span class="badge ${tone}">${escaped(v)}</span>`).join('')}</p></header>`;
    case 'cards':
      return `<div class="cards">${node.cards.map((card) => `<div class="card${card.main ? ' main' : ''}"><small>${escaped(card.label)}</small><b>${escaped(card.value)}</b><small>${escaped(card.note)}</small></div>`).join('')}</div>`;
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
        return `<p class="file"><code>${escaped(path)}</code> <span>${escaped(note)}</span></p>${body ? `<pre class="diff">${body}</pre>` : ''}`;
      });
      const more =
        node.omitted > 0 ? `<p class="omitted">${node.omitted} more lines in change.patch</p>` : '';
      return files.join('') + more;
    }
    case 'untrusted':
      return node.c.length === 0
        ? ''
        : `<section class="theirs"><p class="whose">${escaped(node.label)}</p>${sanitised(node.c)}</section>`;
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
  return `<div class="scroll"><table${wide}><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${node.omitted ? `<p class="omitted">${escaped(node.omitted)}</p>` : ''}${node.caption ? caption(node.caption) : ''}`;
}

function caption({ label, c }: { label: string; c: Inline[] }): string {
  return `<p class="caption"><b>${escaped(label)}</b>${inlines(c)}</p>`;
}

function picture(shown: Picture, alt: string): string {
  if (shown.kind === 'file') {
    return `<img alt="${escaped(alt)}" src="data:${shown.mime};base64,${shown.base64}">`;
  }
  const panels = shown.panels.map((svg) =>
    svg.replace(/^<svg/, `<svg role="img" aria-label="${escaped(alt)}"`),
  );
  const legend =
    shown.legend.length > 0 ? `<div class="legend">${shown.legend.map(legendItem).join('')}</div>` : '';
  return `<div class="panels">${panels.join('')}</div>${legend}`;
}

function legendItem({ label, colour, mark }: LegendItem): string {
  const sign =
    mark === 'dot'
      ? `<circle cx="8" cy="5" r="4" fill="${escaped(colour)}"/>`
      : `<path d="M1 5h16" stroke="${escaped(colour)}" stroke-width="2.5"${mark === 'dash' ? ' stroke-dasharray="4 3"' : ''}/>`;
  return `<span><svg width="18" height="10">${sign}</svg>${escaped(label)}</span>`;
}

/**
 * Writes a researcher's blocks: escaped, then passed through an allow-list, since formulas come from a
 * library. The allow-list would remove the SVG of plots, which are ours (Vega escapes their text), so plots
 * are inserted afterwards.
 */
function sanitised(nodes: readonly Block[]): string {
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

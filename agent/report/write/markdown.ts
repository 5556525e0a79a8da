import { type Block, type Inline, moreLines, type Report } from '../document/tree.ts';

/**
 * Writes a report as GitHub-flavoured Markdown, the form that can always be made and that git can diff.
 * Plots are named, not drawn: the HTML and PDF have them. `pictures` is the path from the reports to the
 * sprint's folder.
 */
export function writeMarkdown(report: Report, pictures: string): string {
  const writer = new Writer(pictures);
  return `${writer
    .blocks(report.blocks)
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}

class Writer {
  constructor(private readonly pictures: string) {}

  blocks(nodes: readonly Block[]): string {
    return nodes.map((node) => this.block(node)).join('\n\n');
  }

  private block(node: Block): string {
    switch (node.t) {
      case 'heading':
        return `${'#'.repeat(node.level + 1)} ${inlines(node.c)}`;
      case 'para':
        return lineStart(inlines(node.c));
      case 'code': {
        const body = node.lines.map((line) => line.map((span) => span.v).join(''));
        if (node.omitted > 0) body.push(`… ${moreLines(node)}`);
        return fenced(body.join('\n'), node.lang);
      }
      case 'list':
        return node.items
          .map(({ checked, c }, index) => {
            const mark = node.ordered ? `${node.start + index}. ` : '- ';
            const box = checked === null ? '' : checked ? '[x] ' : '[ ] ';
            return mark + indent(box + this.blocks(c), mark.length);
          })
          .join('\n');
      case 'quote':
        return prefix(this.blocks(node.c), '> ');
      case 'table':
        return this.table(node);
      case 'note':
        return prefix(`**${words(node.label)}**\n\n${this.blocks(node.c)}`, '> ');
      case 'details': {
        const summary = `<summary>${inlines(node.summary)}</summary>`;
        return `<details>\n${summary}\n\n${this.blocks(node.c)}\n\n</details>`;
      }
      case 'rule':
        return '---';
      case 'equation':
        return fenced(node.tex, 'math');
      case 'figure': {
        const caption = node.caption
          ? `**${node.caption.label}**${inlines(node.caption.c)}`
          : words(node.alt);
        if (node.picture.kind === 'plot') return `*${caption} (drawn in the HTML and PDF)*`;
        const path = [this.pictures, ...node.picture.name.split('/')].filter(Boolean);
        return `![${words(node.alt)}](<${path.map((part) => part.replace(/[%#?<>\\\s]/g, encodeURIComponent)).join('/')}>)`;
      }
      case 'missing':
        return `*Picture not shown: ${words(node.what)} (${words(node.why)})*`;
      case 'title':
        return [
          words(node.kicker),
          `# ${words(node.title)}`,
          node.facts.map(words).join(' · '),
          node.badges.map((badge) => `**${words(badge.v)}**`).join(' · '),
        ].join('\n\n');
      case 'cards':
        return node.cards
          .map((card) => `- **${words(card.label)}: ${words(card.value)}** ${words(card.note)}`.trimEnd())
          .join('\n');
      case 'callout':
        return `**${words(node.label)}:** ${inlines(node.c)}`;
      case 'facts':
        return node.rows.map((row) => `- ${words(row.label)}: ${inlines(row.c)}`).join('\n');
      case 'diff': {
        const signs = { add: '+', remove: '-', keep: ' ', hunk: '' };
        const files = node.files.map((file) => {
          const lines = file.lines.map((line) => `${signs[line.k]}${line.v}`);
          return `${code(file.path)} ${words(file.note)}\n\n${fenced(lines.join('\n'), 'diff')}`;
        });
        if (node.omitted > 0) files.push(`*${node.omitted} more lines are in ${words(node.whole)}*`);
        return files.join('\n\n');
      }
      case 'untrusted':
        return node.c.length === 0 ? '' : prefix(`**${words(node.label)}:**\n\n${this.blocks(node.c)}`, '> ');
    }
  }

  private table(node: Extract<Block, { t: 'table' }>): string {
    const row = (cells: Inline[][]) =>
      `| ${cells.map((cell) => inlines(cell).replaceAll('\n', ' ')).join(' | ')} |`;
    const rules = { left: '---', right: '---:', center: ':---:' };
    const lines = [
      row(node.head),
      `| ${node.align.map((align) => rules[align]).join(' | ')} |`,
      ...node.rows.map((line) => row(line.cells)),
    ];
    if (node.omitted) lines.push('', `*${words(node.omitted)}*`);
    if (node.caption) lines.push('', `**${words(node.caption.label)}**${inlines(node.caption.c)}`);
    return lines.join('\n');
  }
}

function inlines(nodes: readonly Inline[]): string {
  return nodes.map(inline).join('');
}

function inline(node: Inline): string {
  switch (node.t) {
    case 'text':
      return words(node.v);
    case 'strong':
      return mark('**', inlines(node.c));
    case 'em':
      return mark('*', inlines(node.c));
    case 'del':
      return mark('~~', inlines(node.c));
    case 'sub':
    case 'sup':
      return `<${node.t}>${inlines(node.c)}</${node.t}>`;
    case 'code':
      return code(node.v);
    case 'link':
      return `[${inlines(node.c)}](<${node.href.replace(/[<>\\]/g, encodeURIComponent)}>)`;
    case 'file':
      return inlines(node.c);
    case 'math':
      // A bar would end a table's cell.
      return `$${node.tex.replace(/\\?\|/g, (bar) => (bar === '|' ? '\\vert ' : '\\Vert '))}$`;
    case 'break':
      return '<br>';
  }
}

/** Formatting marks must touch the words: blanks at the ends go outside. */
function mark(sign: string, inner: string): string {
  const [, before, core, after] = /^(\s*)(.*?)(\s*)$/s.exec(inner) ?? ['', '', inner, ''];
  return core === '' ? inner : `${before}${sign}${core}${sign}${after}`;
}

/** Escapes every character that Markdown or HTML could read as markup. */
function words(value: string): string {
  return value

    .replace(/[\\`*_[\]|~$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/**
 * Escapes the start of a line that would begin a list, heading or underline. For a number the dot is
 * escaped, since a backslash before a digit is read as a backslash.
 */
const lineStart = (value: string) =>
  value.replace(/^(\s*)([#+-]|=+$)/, '$1\\$2').replace(/^(\s*\d+)([.)])(?=\s|$)/, '$1\\$2');

function code(value: string): string {
  const bare = value.replaceAll('\n', ' ').replaceAll('|', '\\|');
  const ticks = '`'.repeat(longest(bare, /`+/g) + 1);
  const space = /^`|`$/.test(bare) ? ' ' : '';
  return bare === '' ? '' : `${ticks}${space}${bare}${space}${ticks}`;
}

function fenced(body: string, language: string): string {
  const ticks = '`'.repeat(Math.max(3, longest(body, /`+/g) + 1));
  return `${ticks}${language.replace(/[^\w+-]/g, '')}\n${body}\n${ticks}`;
}

const longest = (value: string, pattern: RegExp) =>
  Math.max(0, ...(value.match(pattern) ?? []).map((run) => run.length));
const indent = (value: string, by: number) => value.replace(/\n(?!\n)/g, `\n${' '.repeat(by)}`);
const prefix = (value: string, by: string) => value.replace(/^/gm, by);

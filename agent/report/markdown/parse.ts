import type { Token, Tokens } from 'marked';
import { type Block, em, plain, type Tone, text } from '../document/tree.ts';
import type { FileFinder } from './files.ts';
import { fenceFrontMatter } from './front.ts';
import { clean, limits } from './guards.ts';
import { highlight } from './highlight.ts';
import { HtmlReader } from './html.ts';
import type { ImageReader } from './images.ts';
import { InlineReader, shown } from './inline.ts';
import { formula } from './math.ts';
import { Notes } from './notes.ts';
import { picturesIn } from './pictures.ts';
import { plotReader } from './plots.ts';
import { shorten, takeCut } from './shorten.ts';
import { inlineTokens, marked } from './syntax.ts';
import { tableOf } from './table.ts';
import { namingWhole } from './whole.ts';

/**
 * Parses a researcher's Markdown into blocks. The input is untrusted: of HTML, what GitHub allows is read and
 * the rest shown as text; links are http, https, mailto or files that `files` finds, pictures come through
 * `images`, and every size is capped: `whole` is the file that has all. Never throws.
 */
export async function parseMarkdown(
  source: string,
  images: ImageReader,
  {
    files = () => null,
    whole = null,
    plots = plotReader(),
  }: { files?: FileFinder; whole?: string | null; plots?: ReturnType<typeof plotReader> } = {},
): Promise<Block[]> {
  const { text: short, cut } = shorten(fenceFrontMatter(clean(source)));
  const read = short.slice(0, limits.source);
  let tokens: Token[];
  try {
    tokens = marked.lexer(read).filter(({ type }) => type !== 'space');
  } catch {
    // Quotes nested ten thousand deep overflow the lexer's stack; then the text is shown unparsed.
    return plainText(read);
  }
  const reader = new Reader(images, plots, new Notes(tokens), files);
  const out = await reader.blocks(tokens.slice(0, limits.blocks), 0);
  out.push(...(await reader.footnotes()));
  const more = short.length - read.length;
  const parts = Math.max(0, tokens.length - limits.blocks);
  const left = parts > 0 ? [`${parts.toLocaleString('en-US')} more paragraphs are left out.`] : [];
  if (more > 0) left.push(`The last ${more.toLocaleString('en-US')} characters are left out.`);
  if (whole !== null && (cut || left.length > 0)) left.push(`${whole} has all of this text.`);
  if (left.length > 0) out.push({ t: 'para', c: [em(left.join(' '))] });
  return whole === null ? out : namingWhole(out, whole);
}

/** The unparsed text as blocks, its long lines folded. */
export function plainText(source: string): Block[] {
  const folded = clean(source).replace(/[^\n]{101,}/g, (line) =>
    (line.match(/.{1,100}(?:\s|$)|.{1,100}/gu) ?? []).join('\n'),
  );
  return [{ t: 'code', ...highlight(folded, 'text') }];
}

class Reader {
  private readonly inline: InlineReader;
  private readonly html: HtmlReader;

  constructor(
    private readonly images: ImageReader,
    private readonly plots: ReturnType<typeof plotReader>,
    private readonly notes: Notes,
    files: FileFinder,
  ) {
    this.inline = new InlineReader(notes, files);
    this.html = new HtmlReader(this.inline, images, (token, depth) => this.block(token, depth));
  }

  async blocks(tokens: readonly Token[], depth: number): Promise<Block[]> {
    if (depth > limits.depth) {
      const raw = tokens.map((token) => token.raw).join('');
      return raw.trim() === '' ? [] : [{ t: 'para', c: [text(shown(raw.trim()).slice(0, 2000))] }];
    }
    return this.html.blocks(tokens, depth);
  }

  private async block(token: Tokens.Generic, depth: number): Promise<Block[]> {
    switch (token.type) {
      case 'space':
      case 'checkbox':
      case 'footnote':
        return [];
      case 'def':
        // An address that no link uses is a reference for the reader.
        if (this.notes.isLinked(token.tag)) return [];
        return this.paragraph(inlineTokens(`\\[${token.tag}\\] ${token.href} ${token.title ?? ''}`));
      case 'heading':
        return [
          {
            t: 'heading',
            level: Math.min(4, token.depth) as 1 | 2 | 3 | 4,
            c: this.inline.read(token.tokens),
          },
        ];
      case 'paragraph':
      case 'text':
        return this.paragraph(token.tokens ?? [token]);
      case 'code':
        return this.fence(token as Tokens.Code);
      case 'list':
        return [await this.list(token as Tokens.List, depth)];
      case 'blockquote':
        return [await this.quote(token, depth)];
      case 'table':
        return [
          tableOf(token as Tokens.Table, (cell) => this.inline.read(cell)),
          ...this.picturesOf(token as Tokens.Table),
        ];
      case 'hr':
        return [{ t: 'rule' }];
      case 'equation':
        return [{ t: 'equation', ...formula(token.text, true) }];
      default: {
        const raw = token.raw.trim();
        return raw === '' ? [] : [{ t: 'para', c: [text(shown(raw))] }];
      }
    }
  }

  /** The texts of the footnotes, as a list whose numbers are those of the marks. */
  async footnotes(): Promise<Block[]> {
    const items = [];
    for (const note of this.notes.inOrder())
      items.push({ checked: null, c: await this.blocks(marked.lexer(note), 1) });
    if (items.length === 0) return [];
    return [{ t: 'rule' }, { t: 'list', ordered: true, start: 1, items }];
  }

  private async list(token: Tokens.List, depth: number): Promise<Block> {
    const items = [];
    for (const item of token.items) {
      const c = await this.blocks(item.tokens, depth + 1);
      items.push({ checked: item.task ? Boolean(item.checked) : null, c });
    }
    return { t: 'list', ordered: token.ordered, start: Number(token.start) || 1, items };
  }

  /** A quote, or a note as GitHub and Obsidian write it: `> [!NOTE]`. */
  private async quote(token: Tokens.Generic, depth: number): Promise<Block> {
    const [head, kind = '', title = ''] = /^\[!(\w+)\][+-]?[ \t]*([^\n]*)(?:\n|$)/.exec(token.text) ?? [];
    if (head === undefined) return { t: 'quote', c: await this.blocks(token.tokens ?? [], depth + 1) };
    const word = kind.charAt(0).toUpperCase() + kind.slice(1).toLowerCase();
    return {
      t: 'note',
      label: title.trim() ? plain(this.inline.read(inlineTokens(title.trim()))) : word,
      tone: tones[kind.toLowerCase()] ?? 'neutral',
      c: await this.blocks(marked.lexer(token.text.slice(head.length)), depth + 1),
    };
  }

  /** Reads a paragraph; a picture or an equation in it becomes a block between the words around it. */
  private paragraph(tokens: readonly Token[]): Block[] {
    const out: Block[] = [];
    let words: Token[] = [];
    const flush = () => {
      const c = this.inline.read(words);
      if (plain(c).trim() !== '') out.push({ t: 'para', c });
      words = [];
    };
    for (const token of tokens) {
      const pictures = picturesIn(token);
      if (pictures.length > 0) {
        flush();
        for (const { href, alt } of pictures) out.push(this.images(href, shown(alt)));
      } else if (token.type === 'display') {
        flush();
        out.push({ t: 'equation', ...formula((token as Tokens.Generic).text, true) });
      } else words.push(token);
    }
    flush();
    return out;
  }

  private async fence(token: Tokens.Code): Promise<Block[]> {
    const language = /^[\w+-]*/.exec(token.lang ?? '')?.[0].toLowerCase() ?? '';
    if (language === 'math') return [{ t: 'equation', ...formula(token.text, true) }];
    if (language === 'vega-lite') {
      return [await this.plots(token.text)];
    }
    const { body, cut } = takeCut(token.text);
    const code = highlight(body, aliases[language] ?? language);
    return [{ t: 'code', ...code, omitted: code.omitted + cut }];
  }

  /** Pictures do not fit into cells: they follow the table, which names them. */
  private picturesOf(token: Tokens.Table): Block[] {
    const cells = [token.header, ...token.rows.slice(0, limits.rows)].flat();
    return cells
      .flatMap((cell) => cell.tokens.flatMap(picturesIn))
      .map(({ href, alt }) => this.images(href, shown(alt)));
  }
}

/** GitHub's kinds of notes, and those of Obsidian that are as common. */
const tones: Record<string, Tone> = {
  tip: 'good',
  success: 'good',
  important: 'neutral',
  warning: 'warn',
  caution: 'bad',
  danger: 'bad',
  failure: 'bad',
  bug: 'bad',
};

const aliases: Record<string, string> = {
  ts: 'typescript',
  js: 'typescript',
  javascript: 'typescript',
  tsx: 'typescript',
  py: 'python',
  sh: 'bash',
  shell: 'bash',
  yml: 'yaml',
  jsonl: 'json',
};

import type { Token, Tokens } from 'marked';
import { type Align, type Block, code, em, type Inline, plain, text } from '../document/tree.ts';
import { breakable, clean, decodeEntities, limits, safeHref } from './guards.ts';
import { highlight } from './highlight.ts';
import type { ImageReader } from './images.ts';
import { formula } from './math.ts';
import { plotReader } from './plots.ts';
import { shorten, takeCut } from './shorten.ts';
import { marked } from './syntax.ts';

/**
 * Parses a researcher's Markdown into blocks. The input is untrusted: HTML is shown as text, links are http,
 * https or mailto, pictures come through `images`, and every size is capped. Never throws.
 */
export async function parseMarkdown(source: string, images: ImageReader): Promise<Block[]> {
  const whole = shorten(clean(source));
  const cleaned = whole.slice(0, limits.source);
  let tokens: Token[];
  try {
    tokens = marked.lexer(cleaned);
  } catch {
    // Quotes nested ten thousand deep overflow the lexer's stack; then the text is shown unparsed.
    return plainText(cleaned);
  }
  const out = await new Reader(images).blocks(tokens, 0);
  const more = whole.length - cleaned.length;
  if (more > 0) {
    out.push({ t: 'para', c: [em(`The last ${more.toLocaleString('en-US')} characters are left out.`)] });
  }
  return out;
}

/** The unparsed text as blocks, its long lines folded. */
export function plainText(source: string): Block[] {
  const folded = clean(source).replace(/[^\n]{101,}/g, (line) =>
    (line.match(/.{1,100}(?:\s|$)|.{1,100}/gu) ?? []).join('\n'),
  );
  return [{ t: 'code', ...highlight(folded, 'text') }];
}

class Reader {
  private readonly plots = plotReader();
  constructor(private readonly images: ImageReader) {}

  async blocks(tokens: readonly Token[], depth: number): Promise<Block[]> {
    if (depth > limits.depth) {
      const raw = tokens.map((token) => token.raw).join('');
      return raw.trim() === '' ? [] : [{ t: 'para', c: [text(shown(raw.trim()).slice(0, 2000))] }];
    }
    const out: Block[] = [];
    for (const token of tokens) out.push(...(await this.block(token as Tokens.Generic, depth)));
    return out;
  }

  private async block(token: Tokens.Generic, depth: number): Promise<Block[]> {
    switch (token.type) {
      case 'space':
      case 'def':
      case 'checkbox':
        return [];
      case 'heading':
        return [
          { t: 'heading', level: Math.min(4, token.depth) as 1 | 2 | 3 | 4, c: this.inlines(token.tokens) },
        ];
      case 'paragraph':
      case 'text':
        return this.paragraph(token.tokens ?? [token]);
      case 'code':
        return this.fence(token as Tokens.Code);
      case 'list':
        return [
          {
            t: 'list',
            ordered: token.ordered,
            start: Number(token.start) || 1,
            items: await Promise.all(
              (token as Tokens.List).items.map(async (item) => ({
                checked: item.task ? Boolean(item.checked) : null,
                c: await this.blocks(item.tokens, depth + 1),
              })),
            ),
          },
        ];
      case 'blockquote':
        return [{ t: 'quote', c: await this.blocks(token.tokens ?? [], depth + 1) }];
      case 'table':
        return [this.table(token as Tokens.Table)];
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

  /** Reads a paragraph; a picture or an equation in it becomes a block between the words before and after. */
  private paragraph(tokens: readonly Token[]): Block[] {
    const out: Block[] = [];
    let words: Token[] = [];
    const flush = () => {
      const c = this.inlines(words);
      if (plain(c).trim() !== '') out.push({ t: 'para', c });
      words = [];
    };
    for (const token of tokens) {
      if (token.type === 'image') {
        flush();
        const image = token as Tokens.Image;
        out.push(this.images(decodeEntities(image.href), shown(decodeEntities(image.text))));
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

  private table(token: Tokens.Table): Block {
    const columns = Math.min(limits.columns, token.header.length);
    const cell = (from: Tokens.TableCell | undefined) => (from ? this.inlines(from.tokens) : []);
    const { cut } = takeCut(token.rows.at(-1)?.[0]?.text ?? '');
    const rows = token.rows.slice(0, limits.rows);
    const more = token.rows.length - rows.length + (cut > 0 ? cut - 1 : 0);
    const notes = [
      more > 0 ? `${more.toLocaleString('en-US')} more rows` : '',
      token.header.length > columns ? `${token.header.length - columns} more columns` : '',
    ].filter(Boolean);
    return {
      t: 'table',
      head: token.header.slice(0, columns).map(cell),
      align: token.align.slice(0, columns).map((align): Align => align ?? 'left'),
      rows: rows.map((row) => ({
        cells: Array.from({ length: columns }, (_, i) => cell(row[i])),
        tone: 'plain',
      })),
      caption: null,
      omitted: notes.length > 0 ? `${notes.join(' and ')} left out.` : null,
    };
  }

  inlines(tokens: readonly Token[] | undefined, depth = 0): Inline[] {
    return (tokens ?? []).flatMap((token) => this.inline(token as Tokens.Generic, depth));
  }

  private inline(token: Tokens.Generic, depth: number): Inline[] {
    if (depth > limits.depth) return [text(shown(token.raw))];
    const inner = () => this.inlines(token.tokens, depth + 1);
    switch (token.type) {
      case 'text':
      case 'escape':
        return token.tokens ? inner() : [text(shown(decodeEntities(token.text)))];
      case 'strong':
        return [{ t: 'strong', c: inner() }];
      case 'em':
        return [{ t: 'em', c: inner() }];
      case 'del':
        return [{ t: 'del', c: inner() }];
      case 'codespan':
        return [code(shown(token.text))];
      case 'br':
        return [{ t: 'break' }];
      case 'formula':
      case 'display':
        return [{ t: 'math', ...formula(token.text, false) }];
      case 'link': {
        const href = safeHref(token.href);
        return href === null ? inner() : [{ t: 'link', href, c: inner() }];
      }
      case 'image': {
        // Only an image in a table cell or a link arrives here: its alternative text is shown.
        return [em(shown(decodeEntities(token.text || 'picture')))];
      }
      default:
        return [text(shown(token.raw))];
    }
  }
}

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

/** A line end inside a paragraph is a space. */
const shown = (value: string) => breakable(value.replace(/\s*\n\s*/g, ' '));

import type { Token, Tokens } from 'marked';
import { type Block, em, type Inline, plain, text } from '../document/tree.ts';
import { decodeEntities, limits } from './guards.ts';
import { highlight } from './highlight.ts';
import type { ImageReader } from './images.ts';
import { type InlineReader, shown } from './inline.ts';
import { inlineTokens, marked } from './syntax.ts';
import { BLOCK, type Element, htmlOf, isElement, nest, type Piece, pieces } from './tags.ts';

type Kid = Element<Token> | Token;

/** Words between tags; other tokens are Markdown. */
const words = (raw: string): Token => ({ type: 'words', raw, text: raw });

/**
 * Reads blocks with the HTML between them: `details` and other elements may begin in one block of Markdown
 * and end in another. `block` reads one block of Markdown.
 */
export class HtmlReader {
  constructor(
    private readonly inline: InlineReader,
    private readonly images: ImageReader,
    private readonly block: (token: Tokens.Generic, depth: number) => Promise<Block[]>,
  ) {}

  async blocks(tokens: readonly Token[], depth: number): Promise<Block[]> {
    const stream = tokens.flatMap((token): (Piece | { p: 'leaf'; leaf: Token })[] =>
      token.type === 'html' ? pieces(token.raw) : [{ p: 'leaf', leaf: token }],
    );
    return this.kids(
      nest<Token>(stream, words, (name) => BLOCK.has(name)),
      depth,
    );
  }

  private async kids(kids: readonly Kid[], depth: number): Promise<Block[]> {
    const out: Block[] = [];
    let run: Kid[] = [];
    const flush = async () => {
      const raw = run.map(rawOf).join('');
      run = [];
      if (raw.trim() !== '') out.push(...(await this.words(raw, depth)));
    };
    for (const kid of kids) {
      if (isElement(kid) ? !isBlock(kid) : kid.type === 'words') run.push(kid);
      else {
        await flush();
        out.push(
          ...(await (isElement(kid) ? this.element(kid, depth) : this.block(kid as Tokens.Generic, depth))),
        );
      }
    }
    await flush();
    return out;
  }

  /** Words between tags are Markdown, too: models write it there, with or without empty lines. */
  private async words(raw: string, depth: number): Promise<Block[]> {
    if (!raw.includes('<') && depth < limits.depth) {
      const out: Block[] = [];
      for (const token of marked.lexer(raw))
        out.push(...(await this.block(token as Tokens.Generic, depth + 1)));
      return out;
    }
    return raw
      .split(/\n\s*\n/)
      .map((part) => this.inline.read(inlineTokens(part.trim())))
      .filter((c) => plain(c).trim() !== '')
      .map((c) => ({ t: 'para', c }));
  }

  private async element({ name, attributes, kids }: Element<Token>, depth: number): Promise<Block[]> {
    if (depth > limits.depth)
      return [{ t: 'para', c: [text(shown(kids.map(textOf).join(' ')).slice(0, 2000))] }];
    switch (name) {
      case 'details': {
        const summary = kids.find((kid): kid is Element<Token> => isElement(kid) && kid.name === 'summary');
        const c = await this.kids(
          kids.filter((kid) => kid !== summary),
          depth + 1,
        );
        return [{ t: 'details', summary: summary ? this.line(summary.kids) : [text('Details')], c }];
      }
      case 'h1':
      case 'h2':
      case 'h3':
      case 'h4':
      case 'h5':
      case 'h6':
        return [{ t: 'heading', level: Math.min(4, Number(name[1])) as 1 | 2 | 3 | 4, c: this.line(kids) }];
      case 'hr':
        return [{ t: 'rule' }];
      case 'img':
        return [this.images(attributes.src ?? '', shown(attributes.alt ?? ''))];
      case 'figcaption':
      case 'caption':
        return [{ t: 'para', c: [{ t: 'em', c: this.line(kids) }] }];
      case 'blockquote':
        return [{ t: 'quote', c: await this.kids(kids, depth + 1) }];
      case 'pre': {
        const source = decodeEntities(
          kids
            .map(rawOf)
            .join('')
            .replace(/<[^>]*>/g, ''),
        );
        return [{ t: 'code', ...highlight(source.replace(/^\n/, ''), 'text') }];
      }
      case 'ul':
      case 'ol': {
        const items = [];
        for (const item of within(kids, ['li']))
          items.push({ checked: null, c: await this.kids(item.kids, depth + 1) });
        return [{ t: 'list', ordered: name === 'ol', start: Number(attributes.start) || 1, items }];
      }
      case 'table':
        return this.table(kids);
      case 'colgroup':
      case 'col':
      case 'source':
        return [];
      default:
        return this.kids(kids, depth);
    }
  }

  private table(kids: readonly Kid[]): Block[] {
    const rows = within(kids, ['tr']).map((row) => within(row.kids, ['td', 'th']));
    const columns = Math.min(limits.columns, Math.max(0, ...rows.map((row) => row.length)));
    if (columns === 0) return [{ t: 'para', c: this.line(kids) }];
    const cells = (row: readonly Element<Token>[] | undefined) =>
      Array.from({ length: columns }, (_, i) => this.line(row?.[i]?.kids ?? []));
    const headed = rows[0]?.every((cell) => cell.name === 'th') ?? false;
    const body = rows.slice(headed ? 1 : 0);
    const more = body.length - limits.rows;
    const [caption] = within(kids, ['caption']);
    const table: Block = {
      t: 'table',
      head: headed ? cells(rows[0]) : Array.from({ length: columns }, () => []),
      align: Array.from({ length: columns }, () => 'left'),
      rows: body.slice(0, limits.rows).map((row) => ({ cells: cells(row), tone: 'plain' })),
      caption: null,
      omitted: more > 0 ? `${more.toLocaleString('en-US')} more rows left out.` : null,
    };
    return caption ? [table, { t: 'para', c: [em(shown(textOf(caption)))] }] : [table];
  }

  private line(kids: readonly Kid[]): Inline[] {
    return this.inline.read(inlineTokens(kids.map(rawOf).join('').trim()));
  }
}

/** Whether an element is a block of its own, or has one in it: a link around a picture. */
const isBlock = (element: Element<Token>): boolean =>
  BLOCK.has(element.name) ||
  element.name === 'img' ||
  element.kids.some((kid) => (isElement(kid) ? isBlock(kid) : kid.type !== 'words'));

/** The elements of these names, at any depth outside of each other. */
function within(kids: readonly Kid[], names: readonly string[]): Element<Token>[] {
  return kids.flatMap((kid) => {
    if (!isElement(kid)) return [];
    return names.includes(kid.name) ? [kid] : within(kid.kids, names);
  });
}

function rawOf(kid: Kid): string {
  if (!isElement(kid)) return kid.raw;
  return htmlOf(kid, kid.kids.map(rawOf).join(''));
}

const textOf = (kid: Kid): string => (isElement(kid) ? kid.kids.map(textOf).join('') : kid.raw);

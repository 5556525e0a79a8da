import type { Token, Tokens } from 'marked';
import { code, em, type Inline, plain, text } from '../document/tree.ts';
import type { FileFinder } from './files.ts';
import { decodeEntities, limits, safeHref } from './guards.ts';
import { formula } from './math.ts';
import type { Notes } from './notes.ts';
import { type Element, isElement, nest, pieceInLine } from './tags.ts';

/** Reads what stands in a line: emphasis, links, formulas, marks of footnotes and the HTML of GitHub. */
export class InlineReader {
  constructor(
    private readonly notes: Notes,
    private readonly files: FileFinder,
  ) {}

  read(tokens: readonly Token[] | undefined, depth = 0): Inline[] {
    const stream = (tokens ?? []).map((token) =>
      token.type === 'html' ? pieceInLine(token.raw) : { p: 'leaf' as const, leaf: token },
    );
    const words = (raw: string): Token => ({ type: 'text', raw, text: raw, escaped: true });
    return this.kids(nest<Token>(stream, words), depth);
  }

  private kids(kids: readonly (Element<Token> | Token)[], depth: number): Inline[] {
    const out: Inline[] = [];
    for (const node of kids.flatMap((kid) =>
      isElement(kid) ? this.element(kid, depth) : this.token(kid, depth),
    )) {
      const last = out.at(-1);
      if (last?.t === 'text' && node.t === 'text') out[out.length - 1] = text(last.v + node.v);
      else out.push(node);
    }
    return out;
  }

  private element({ name, attributes, kids }: Element<Token>, depth: number): Inline[] {
    const c = depth > limits.depth ? [] : this.kids(kids, depth + 1);
    switch (name) {
      case 'br':
        return [{ t: 'break' }];
      case 'img':
        return [em(shown(attributes.alt || 'picture'))];
      case 'b':
      case 'strong':
      case 'mark':
        return [{ t: 'strong', c }];
      case 'i':
      case 'em':
      case 'cite':
      case 'var':
      case 'dfn':
        return [{ t: 'em', c }];
      case 's':
      case 'strike':
      case 'del':
        return [{ t: 'del', c }];
      case 'code':
      case 'kbd':
      case 'samp':
      case 'tt':
        return [code(plain(c))];
      case 'sub':
      case 'sup':
        return [{ t: name, c }];
      case 'q':
        return [text('“'), ...c, text('”')];
      case 'a':
        return this.link(attributes.href ?? '', c);
      case 'summary':
        return [{ t: 'strong', c }, text(': ')];
      case 'td':
      case 'th':
      case 'li':
      case 'p':
      case 'div':
        return [...c, text(' ')];
      default:
        return c;
    }
  }

  private link(href: string, c: Inline[]): Inline[] {
    const safe = safeHref(href);
    if (safe !== null) return [{ t: 'link', href: safe, c }];
    const address = decodeEntities(href).trim();
    const path = this.files(address);
    if (path !== null) return [{ t: 'file', path, c }];
    // A file that is not there, or is none to open, is still worth its name; a place in the text is not.
    const named =
      /^(?![a-z][a-z0-9+.-]*:|\/\/|#)[^"'<>]*\.[a-z0-9]+$/i.test(address) && !plain(c).includes(address);
    return named ? [...c, text(' ('), code(address), text(')')] : c;
  }

  private token(from: Token, depth: number): Inline[] {
    const token = from as Tokens.Generic;
    if (depth > limits.depth) return [text(shown(token.raw))];
    const inner = () => this.read(token.tokens, depth + 1);
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
      case 'checkbox':
        // The box of a task is drawn by its list.
        return [];
      case 'formula':
      case 'display':
        return [{ t: 'math', ...formula(token.text, false) }];
      case 'reference': {
        const number = this.notes.number(token.text);
        return number === null ? [text(shown(token.raw))] : [{ t: 'sup', c: [text(String(number))] }];
      }
      case 'link':
        return this.link(token.href, inner());
      case 'image':
        // Only an image in a table cell or a link arrives here: its alternative text is shown.
        return [em(shown(decodeEntities(token.text || 'picture')))];
      default:
        return [text(shown(token.raw))];
    }
  }
}

/** A line end inside a paragraph is a space. */
export const shown = (value: string) => value.replace(/\s*\n\s*/g, ' ');

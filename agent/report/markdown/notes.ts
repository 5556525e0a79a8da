import type { Token, Tokens } from 'marked';

/** The footnotes of one text, numbered in the order in which they are referred to. */
export class Notes {
  private readonly texts = new Map<string, string>();
  private readonly order: string[] = [];
  /** Labels that a link refers to, as in `[the paper][1]`. */
  private readonly linked = new Set<string>();

  constructor(tokens: readonly Token[]) {
    for (const token of everyToken(tokens)) {
      if (token.type === 'footnote' && !this.texts.has(token.id)) this.texts.set(token.id, token.text);
      const [, label] = /\[([^\]]+)\](?:\[\])?$/.exec(token.raw ?? '') ?? [];
      if (label !== undefined && (token.type === 'link' || token.type === 'image'))
        this.linked.add(label.toLowerCase());
    }
  }

  /** The number of a footnote; null where no text has that name. */
  number(id: string): number | null {
    if (!this.texts.has(id)) return null;
    if (!this.order.includes(id)) this.order.push(id);
    return this.order.indexOf(id) + 1;
  }

  /** The texts in order, one by one: a footnote may refer to another. Those never referred to come last. */
  *inOrder(): Generator<string> {
    for (let at = 0; at < this.texts.size; at++) {
      const id = this.order[at] ?? [...this.texts.keys()].find((name) => !this.order.includes(name));
      if (id === undefined) return;
      this.number(id);
      yield this.texts.get(id) ?? '';
    }
  }

  /** Whether a link of the text uses this definition of an address. */
  isLinked = (label: string): boolean => this.linked.has(label.toLowerCase());
}

function* everyToken(tokens: readonly Token[]): Generator<Tokens.Generic> {
  for (const token of tokens as Tokens.Generic[]) {
    yield token;
    yield* everyToken(token.tokens ?? []);
    yield* everyToken(token.items ?? []);
    for (const cells of [token.header, ...(token.rows ?? [])])
      for (const cell of Array.isArray(cells) ? cells : []) yield* everyToken(cell.tokens ?? []);
  }
}

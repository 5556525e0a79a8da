import { Lexer, Marked, type Token, type TokenizerExtension, type Tokens } from 'marked';

/** Characters in which the end of a formula is searched: there may be thousands of marks without one. */
const FAR = 4_000;
/** Formulas that stand alone: language models write these environments without `$$` around them. */
const ENVIRONMENTS = 'equation|align|aligned|gather|gathered|multline|eqnarray|flalign|split|cases';
const environment = new RegExp(
  String.raw`^ {0,3}(\\begin\{((?:${ENVIRONMENTS})\*?)\}[\s\S]{0,${FAR}}?\\end\{\2\})`,
);
const END = String.raw`[ \t]*(?:\n|$)`;
const DOLLARS = String.raw`\$\$((?:\\[\s\S]|(?!\$\$)[^\\]){1,${FAR}}?)\$\$`;
/** With two backslashes, too: some escape them once more. */
const BRACKETS = String.raw`\\{1,2}\[((?:(?!\\\])[\s\S]){1,${FAR}}?)\\{1,2}\]`;
const blockDollars = new RegExp(`^ {0,3}${DOLLARS}${END}`);
const blockBrackets = new RegExp(`^ {0,3}${BRACKETS}${END}`);
const inlineDollars = new RegExp(`^${DOLLARS}`);
const inlineBrackets = new RegExp(`^${BRACKETS}`);
const parentheses = /^\\{1,2}\(((?:(?!\\\))[\s\S]){1,1000}?)\\{1,2}\)/;
/** GitHub's form for formulas with signs that Markdown would read. */
const ticked = /^\$`([^`]+)`\$/;
/**
 * `$…$` by Pandoc's rule, so that "$5 and $10" is no formula; nor is "$HOME/$USER", where a capital letter
 * follows. No blank line may be inside.
 */
const dollars = /^\$(?!\s|\$)((?:\\[^\n]|[^$\\\n]|\n(?!\s*\n))+?)(?<!\s)\$(?![\dA-Z$])/;

/** Half a code span is in it where one begins between the dollars: "$5, then `$HOME`". */
const isWhole = (body: string) => (body.match(/`/g)?.length ?? 0) % 2 === 0;

/** `\[1\]` and `\(see there\)` are escaped brackets of prose, not formulas. */
const isFormula = (body: string) =>
  /[\\^_={}<>+|]/.test(body) || /^\s/.test(body) || !/\p{L}{2,}\s+\p{L}{2,}/u.test(body);
const isDisplay = (body: string) => /[\\^_={}<>+|]/.test(body) || /^\s*\n|^ .* $/s.test(body);

/** Blank lines may be in a formula whose mark has a line of its own; else the mark is one that closes. */
const isBlock = (body: string) => /^[ \t]*\n/.test(body) || !/\n\s*\n/.test(body);

type Rule = [RegExp, (body: string) => boolean];

/** The first rule that matches at the start of `source`, as a token. */
function first(type: string, source: string, rules: readonly Rule[]): Tokens.Generic | undefined {
  for (const [rule, fits] of rules) {
    const match = rule.exec(source);
    if (match?.[1] !== undefined && match[1].trim() !== '' && fits(match[1]))
      return { type, raw: match[0], text: match[1] };
  }
  return undefined;
}

const always = () => true;
const startOf = (pattern: RegExp) => (source: string) => {
  const at = source.search(pattern);
  return at === -1 ? undefined : at;
};

/** Where a paragraph ends because something begins: not after its end, which each search would run past. */
const startIn = (pattern: RegExp) => (source: string) => {
  const end = source.indexOf('\n\n');
  return startOf(pattern)(end === -1 ? source : source.slice(0, end));
};

const math: TokenizerExtension[] = [
  {
    name: 'equation',
    level: 'block',
    start: startIn(/(?<=\n) {0,3}(?:\$\$|\\{1,2}\[|\\begin\{)/),
    tokenizer: (source) =>
      first('equation', source, [
        [blockDollars, isBlock],
        [blockBrackets, (body) => isBlock(body) && isDisplay(body)],
        [environment, always],
      ]),
  },
  {
    name: 'display',
    level: 'inline',
    start: startOf(/\$\$|\\{1,2}\[|\\begin\{/),
    tokenizer: (source) =>
      first('display', source, [
        [inlineDollars, always],
        [inlineBrackets, isDisplay],
        [environment, always],
      ]),
  },
  {
    name: 'formula',
    level: 'inline',
    start: startOf(/\$|\\{1,2}\(/),
    tokenizer: (source) =>
      first('formula', source, [
        [ticked, always],
        [parentheses, isFormula],
        [dollars, isWhole],
      ]),
  },
];

const footnotes: TokenizerExtension[] = [
  {
    name: 'footnote',
    level: 'block',
    start: startIn(/(?<=\n) {0,3}\[\^[^\]\s]+\]:/),
    tokenizer(source) {
      const [head = '', id, first = ''] = /^ {0,3}\[\^([^\]\s]+)\]:[ \t]*([^\n]*)(?:\n|$)/.exec(source) ?? [];
      if (id === undefined) return undefined;
      // More lines of the same paragraph, then paragraphs that are indented.
      const more =
        /^(?:(?! {0,3}\[\^|\s*\n)[^\n]+(?:\n|$))*(?:(?:[ \t]*\n)+(?: {2,}|\t)[^\n]*(?:\n|$)(?:(?: {2,}|\t)[^\n]+(?:\n|$))*)*/;
      const [rest = ''] = more.exec(source.slice(head.length)) ?? [];
      return {
        type: 'footnote',
        raw: head + rest,
        id,
        text: `${first}\n${rest.replace(/^(?: {1,4}|\t)/gm, '')}`,
      };
    },
  },
  {
    name: 'reference',
    level: 'inline',
    start: startOf(/\[\^/),
    tokenizer(source) {
      const match = /^\[\^([^\]\s]+)\](?![(:])/.exec(source);
      return match ? { type: 'reference', raw: match[0], text: match[1] } : undefined;
    },
  },
];

/** `![plot](my plot (1).png)`: Markdown wants such a name in angle brackets, and few know it. */
const spaced: TokenizerExtension = {
  name: 'spaced',
  level: 'inline',
  start: startOf(/!?\[/),
  tokenizer(source) {
    const [raw, mark, text, href] =
      /^(!?)\[([^[\]\n]*)\]\(\s*([^()<>"\n]*(?:\([^()\n]*\)[^()<>"\n]*)*\.[a-z0-9]{1,11})\s*(?:"[^"\n]*"\s*)?\)/i.exec(
        source,
      ) ?? [];
    if (raw === undefined || text === undefined || href === undefined || !/\s/.test(href)) return undefined;
    if (mark === '!') return { type: 'image', raw, href, text };
    return { type: 'link', raw, href, text, tokens: this.lexer.inlineTokens(text) };
  },
};

/** In prose, `~` is "about": only two of them strike out, where GitHub takes one. */
const tokenizer = {
  del(source: string): Tokens.Del | false {
    return /^~(?!~)/.test(source) ? ({ type: 'text', raw: '~', text: '~' } as unknown as Tokens.Del) : false;
  },
};

/** Marks inside formulas are no emphasis: `*a $b*c$ d*`. */
const hooks = {
  emStrongMask: (source: string) =>
    source.replace(/\$\$[\s\S]+?\$\$|\$[^\s$][^$\n]*\$/g, (formula) => 'a'.repeat(formula.length)),
};

/** Markdown as GitHub reads it, with the formulas, footnotes and tildes that language models write. */
export const marked = new Marked({
  gfm: true,
  tokenizer,
  hooks,
  extensions: [...math, ...footnotes, spaced],
});

/** The tokens of a text that stands in a line. */
export const inlineTokens = (source: string): Token[] => Lexer.lexInline(source, marked.defaults);

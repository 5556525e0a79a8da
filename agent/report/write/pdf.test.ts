import { extractText } from 'unpdf';
import { describe, expect, it } from 'vitest';
import { type Block, text } from '../document/tree.ts';
import { formula } from '../markdown/math.ts';
import { type Pdf, writePdf } from './pdf.ts';

const pdf = (blocks: Block[]): Pdf =>
  writePdf({ title: 'Title', left: 'l', right: 'r', foot: 'f', date: '2026-02-18T21:40:00Z', blocks });
const para = (v: string): Block => ({ t: 'para', c: [{ t: 'text', v }] });
const picture = (mime: 'image/png' | 'image/svg+xml', bytes: string): Block => ({
  t: 'figure',
  alt: 'a picture',
  caption: null,
  picture: { kind: 'file', name: 'x', mime, base64: Buffer.from(bytes, 'latin1').toString('base64') },
});

describe('the PDF', () => {
  it('is the same bytes for the same report', () => {
    const first = pdf([para('text')]);
    expect(first.bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf([para('text')]).bytes.equals(first.bytes)).toBe(true);
  });

  it('takes text as data, whatever it looks like', () => {
    const tricks = [
      '#read("/etc/passwd")',
      '$ unclosed',
      '*_`~@<label>[]{}\\',
      '#panic()',
      '漢字 😀 → ∈ ⊗ é',
    ];
    const blocks = tricks.flatMap((v): Block[] => [
      para(v),
      { t: 'heading', level: 1, c: [{ t: 'text', v }] },
      { t: 'code', lang: '', lines: [[{ v, k: 'plain' }]], omitted: 0 },
    ]);
    expect(pdf(blocks).trouble).toBeNull();
  });

  it('takes no font of the machine, and says what its own fonts lack', () => {
    const fonts = (v: string) => {
      const { bytes, trouble } = pdf([para(v)]);
      expect(trouble).toBeNull();
      return new Set(bytes.toString('latin1').match(/(?<=\/BaseFont ?\/[A-Z]{6}\+)\w+/g));
    };
    const plain = fonts('text → ∈ │ é');
    expect(plain.size).toBe(3);
    for (const font of [...plain, ...fonts('漢字 עברית ქართული')])
      expect(font).toMatch(/^(SourceSans3|NotoSansMath|NotoEmoji|JetBrainsMono)/);
    expect(pdf([para('漢字')]).bytes.length).toBeGreaterThan(pdf([para('words')]).bytes.length + 2000);
  });

  it('sets empty things: a list without items, a table without rows, a heading without words', () => {
    const blocks: Block[] = [
      {
        t: 'list',
        ordered: false,
        start: 1,
        items: [
          { checked: true, c: [] },
          { checked: null, c: [] },
        ],
      },
      { t: 'list', ordered: true, start: 3, items: [] },
      { t: 'table', head: [[], []], align: ['left', 'right'], rows: [], caption: null, omitted: null },
      { t: 'heading', level: 2, c: [] },
      { t: 'para', c: [] },
      {
        t: 'para',
        c: (['strong', 'em', 'del', 'sub', 'sup'] as const).map((t) => ({ t, c: [] })),
      },
      { t: 'para', c: [{ t: 'link', href: 'https://a.example', c: [] }] },
      {
        ...{ t: 'table', head: [[], []], align: ['left', 'left'], caption: null, omitted: null },
        rows: [{ cells: [[], [text('superposition '.repeat(40))]], tone: 'plain' }],
      },
      { t: 'equation', ...formula('\\begin{matrix}&1\\\\2&\\end{matrix}\\underbrace{}_{}\\cancel{}', true) },
      { t: 'details', summary: [], c: [] },
      { t: 'note', label: '', tone: 'good', c: [] },
      { t: 'quote', c: [] },
      { t: 'code', lang: '', lines: [[]], omitted: 2 },
      { t: 'diff', files: [{ path: 'a', note: 'Binary files differ', lines: [] }], omitted: 1, whole: 'x' },
      { t: 'facts', rows: [] },
      { t: 'untrusted', label: 'Theirs', c: [] },
    ];
    expect(pdf(blocks).trouble).toBeNull();
  });

  it('makes all cards as high as the longest note needs', () => {
    const pages = (note: string) => {
      const card = { label: 'F1', value: '0.9', note, main: false };
      const cards: Block = { t: 'cards', cards: [card, card, card, card] };
      const { bytes, trouble } = pdf(Array.from({ length: 8 }, () => cards));
      expect(trouble).toBeNull();
      return bytes.toString('latin1').match(/\/Type ?\/Page\b/g)?.length;
    };
    expect(pages('short')).toBe(1);
    expect(pages('a note of many words '.repeat(20))).toBeGreaterThan(1);
  });

  it('shows a line in place of a broken picture', () => {
    const whole = pdf([para('before'), picture('image/png', '\x89PNG\r\n\x1a\nbroken'), para('after')]);
    expect(whole.trouble).toBeNull();
    expect(pdf([picture('image/svg+xml', '<svg xmlns="x"><unclosed')]).trouble).toBeNull();
  });

  it('loses a plot that does not compile, and nothing else', () => {
    const plot = (svg: string): Block => ({
      t: 'figure',
      alt: 'plot',
      caption: null,
      picture: { kind: 'plot', panels: [svg], legend: [] },
    });
    const good = plot(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5" height="5"/></svg>',
    );
    const whole = pdf([para('text'), good, { t: 'equation', ...formula('x^2', true) }]);
    const { bytes, trouble } = pdf([
      para('text'),
      { t: 'quote', c: [plot('<svg broken'), good, { t: 'equation', ...formula('x^2', true) }] },
    ]);
    expect(trouble).toContain('1 part made plainer');
    expect(bytes.length).toBeGreaterThan(whole.bytes.length - 1000);
  });

  it('has no use for the form of a plot that is for a phone', () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>';
    const plot = (more: object): Block => ({
      t: 'figure',
      alt: 'plot',
      caption: null,
      picture: { kind: 'plot', panels: [svg], legend: [], ...more },
    });
    const [with_, without] = [pdf([plot({ phone: ['漢 <svg broken'] })]), pdf([plot({})])];
    expect(with_.bytes.equals(without.bytes)).toBe(true);
  });

  it('sets as plain words what does not compile itself, and nothing else', () => {
    const nonsense = { t: 'code', lines: 'not lines', omitted: 'x' } as unknown as Block;
    const many = Array.from({ length: 40 }, (_, i) => para(`paragraph ${i}`));
    const { bytes, trouble } = pdf([...many, nonsense, ...many]);
    expect(trouble).toContain('1 part made plainer');
    expect(bytes.length).toBeGreaterThan(1000);
  });

  it('makes a formula smaller, or breaks it, that is wider than its line', () => {
    const wide = [
      Array.from({ length: 60 }, (_, i) => `x_{${i}}`).join(' + '),
      `\\frac{${'a'.repeat(200)}}{b}`,
      `\\begin{pmatrix}${Array.from({ length: 40 }, () => '0.001').join('&')}\\end{pmatrix}`,
    ];
    const { bytes, trouble } = pdf([
      ...wide.map((tex): Block => ({ t: 'equation', ...formula(tex, true) })),
      { t: 'para', c: wide.map((tex) => ({ t: 'math' as const, ...formula(tex, false) })) },
    ]);
    expect(trouble).toBeNull();
    expect(bytes.length).toBeGreaterThan(1000);
  });

  it('breaks a table between rows, and a row that is taller than a page inside it', () => {
    const pages = (rows: number, count: number) => {
      const cells = [[text('x')], [text('superposition of words '.repeat(count))]];
      const table: Block = {
        ...{
          t: 'table',
          head: [[text('a')], [text('b')]],
          align: ['left', 'left'],
          caption: null,
          omitted: null,
        },
        rows: Array.from({ length: rows }, () => ({ cells, tone: 'plain' as const })),
      };
      const { bytes, trouble } = pdf([table]);
      expect(trouble).toBeNull();
      return bytes.toString('latin1').match(/\/Type ?\/Page\b/g)?.length;
    };
    expect(pages(5, 1)).toBe(1);
    expect(pages(14, 40)).toBe(2);
    expect(pages(1, 700)).toBe(2);
  });

  it('keeps a heading with the table below it, wherever the page ends', async () => {
    const cells = [[text('cell')], [text('3.5')]];
    const table: Block = {
      ...{ t: 'table', head: [[text('a')], [text('b')]], align: ['left', 'right'], omitted: null },
      caption: { label: 'Table 1', c: [text('a caption')] },
      rows: Array.from({ length: 4 }, () => ({ cells, tone: 'plain' as const })),
    };
    const heading: Block = { t: 'heading', level: 1, c: [text('What follows')] };
    // The page ends behind one of these.
    for (let lines = 40; lines < 48; lines++) {
      const filler = Array.from({ length: lines }, (_, i) => para(`line ${i}`));
      const { bytes } = pdf([...filler, heading, table]);
      const { text: pages } = await extractText(new Uint8Array(bytes));
      const page = pages.find((words) => words.includes('What follows'));
      expect(page, `after ${lines} lines`).toContain('cell');
    }
  });

  it('stays quick with a table of 200 rows and 14 columns', () => {
    const cells = Array.from({ length: 14 }, (_, i) => [{ t: 'text' as const, v: `cell ${i}` }]);
    const rows = Array.from({ length: 200 }, () => ({ cells, tone: 'plain' as const }));
    const align = cells.map(() => 'left' as const);
    const table: Block = { t: 'table', head: cells, align, rows, caption: null, omitted: null };
    const started = process.cpuUsage();
    expect(pdf([table]).trouble).toBeNull();
    // Microseconds of processor time: others may have the machine meanwhile.
    const { user, system } = process.cpuUsage(started);
    expect(user + system).toBeLessThan(5e6);
  });
});

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';
import type { Block, Picture, Report } from '../document/tree.ts';
import { faces, fontFile, signs } from './fonts.ts';

/** The only folder that the compiler can read: it holds nothing but the files that we pass. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), 'typst-root');

export interface Pdf {
  bytes: Buffer;
  /** What was left out so that a PDF could be made; null when it is complete. */
  trouble: string | null;
}

/**
 * Sets a report as PDF with Typst. A picture that does not compile alone becomes a placeholder. When the
 * whole does not compile, it is tried again without pictures and formulas, then as plain text. The same
 * input gives the same bytes.
 * @throws Error with the compiler's first message when the plain text fails too.
 */
export function writePdf(report: Report): Pdf {
  const compiler = NodeCompiler.create({
    workspace: ROOT,
    fontArgs: [{ fontBlobs: [...faces, ...signs].map(fontFile) }],
  });
  const template = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'report.typ'), 'utf8');
  compiler.addSource(join(ROOT, 'main.typ'), template);
  const files = new Files(compiler);
  const steps: { without: string | null; blocks: () => Block[]; math: boolean }[] = [
    { without: null, blocks: () => files.map(report.blocks), math: true },
    { without: 'pictures and formulas', blocks: () => files.map(report.blocks, true), math: false },
    { without: 'anything but plain text', blocks: () => plainBlocks(report.blocks), math: false },
  ];
  let reason = '';
  for (const { without, blocks, math } of steps) {
    try {
      const mapped = blocks();
      const json = { ...report, math, pictures: files.paths, blocks: mapped };
      compiler.mapShadow(join(ROOT, 'doc.json'), Buffer.from(JSON.stringify(json)));
      const bytes = compilePdf(compiler, 'main.typ', report.date);
      return { bytes, trouble: without && `PDF without ${without}: ${reason}` };
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  throw new Error(reason);
}

function compilePdf(compiler: NodeCompiler, main: string, date: string): Buffer {
  const result = compiler.compile({ mainFilePath: join(ROOT, main) });
  if (result.result === null || result.hasError()) {
    const [first] = (result.takeError()?.shortDiagnostics ?? []) as { message?: string }[];
    throw new Error(String(first?.message ?? 'Typst gave no reason').split('\n')[0]);
  }
  const creationTimestamp = Math.floor(Date.parse(date) / 1000);
  return compiler.pdf(result.result, Number.isNaN(creationTimestamp) ? {} : { creationTimestamp });
}

/**
 * Puts pictures where the compiler finds them. Each is tried alone first, since one broken picture would
 * fail the whole report.
 */
class Files {
  /** Path by id, for report.typ to look up. */
  readonly paths: Record<string, string> = {};
  private count = 0;

  constructor(private readonly compiler: NodeCompiler) {}

  map(blocks: readonly Block[], none = false): Block[] {
    return blocks.map((block): Block => {
      if (block.t === 'quote' || block.t === 'untrusted') return { ...block, c: this.map(block.c, none) };
      if (block.t === 'list') {
        return { ...block, items: block.items.map((item) => ({ ...item, c: this.map(item.c, none) })) };
      }
      if (block.t !== 'figure') return block;
      const missing = (why: string): Block => ({ t: 'missing', what: block.alt, why });
      if (none) return missing('left out');
      const picture = this.place(block.picture);
      // The type of the tree has bytes here; report.typ gets file ids in their place.
      return picture === null ? missing('it cannot be read') : ({ ...block, picture } as unknown as Block);
    });
  }

  private place(picture: Picture): object | null {
    if (picture.kind === 'plot') {
      return {
        ...picture,
        panels: picture.panels.map((svg) => this.put(Buffer.from(svg), 'svg')),
      };
    }
    const bytes = Buffer.from(picture.base64, 'base64');
    const extension = picture.mime === 'image/svg+xml' ? 'svg' : picture.mime.slice('image/'.length);
    const id = this.put(bytes, extension);
    const size = this.tried(id);
    return size === null ? null : { kind: 'file', id, wide: size > 430, width: size };
  }

  private put(bytes: Buffer, extension: string): string {
    const id = `p${this.count++}`;
    this.paths[id] = `/${id}.${extension}`;
    this.compiler.mapShadow(join(ROOT, `${id}.${extension}`), bytes);
    return id;
  }

  /**
   * Compiles one picture by itself. Returns its width in points at 0.75 pt a pixel, or null where it does
   * not compile.
   */
  private tried(id: string): number | null {
    const source = `#set page(width: auto, height: auto, margin: 0pt)\n#let i = image(${JSON.stringify(this.paths[id])})\n#i\n#context [#metadata(measure(i).width / 1pt) <width>]`;
    this.compiler.addSource(join(ROOT, 'try.typ'), source);
    try {
      const result = this.compiler.compile({ mainFilePath: join(ROOT, 'try.typ') });
      if (result.result === null || result.hasError()) return null;
      const [width = Number.NaN] = this.compiler.query(result.result, {
        selector: '<width>',
        field: 'value',
      }) as number[];
      return Number.isFinite(width) ? width : null;
    } catch {
      return null;
    }
  }
}

/** The text of the blocks alone, for a tree that does not compile. */
function plainBlocks(blocks: readonly Block[]): Block[] {
  const strings: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string') strings.push(value);
    else if (Array.isArray(value)) value.forEach(collect);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (!['t', 'k', 'm', 'tone', 'align', 'mathml', 'walk', 'picture', 'base64'].includes(key))
          collect(inner);
      }
    }
  };
  return blocks.map((block) => {
    strings.length = 0;
    collect(block);
    return { t: 'para', c: [{ t: 'text', v: strings.join(' ').slice(0, 20_000) }] };
  });
}

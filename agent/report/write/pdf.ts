import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';
import { type Block, em, type Picture, type Report } from '../document/tree.ts';
import { changeAll } from '../document/walk.ts';
import { charactersOf, missingScripts } from './coverage.ts';
import { faces, fontFile, signs } from './fonts.ts';
import { breakable, forPaper } from './paper.ts';
import { sound, wordsAlone } from './sound.ts';
import { withOurFonts } from './svg-fonts.ts';

/** The only folder that the compiler can read: it holds nothing but the files that we pass. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), 'typst-root');

export interface Pdf {
  bytes: Buffer;
  /** What was left out so that a PDF could be made; null when it is complete. */
  trouble: string | null;
}

/**
 * Sets a report as PDF with Typst. A picture, formula or block that does not compile costs itself: it is
 * found, and set in a plainer way. The same input gives the same pages, and in one process the same bytes:
 * another may list pictures and fonts in another order.
 * @throws Error with the compiler's first message when nothing helps.
 */
export function writePdf(report: Report): Pdf {
  const compiler = NodeCompiler.create({
    workspace: ROOT,
    fontArgs: [{ fontBlobs: [...faces, ...signs].map(fontFile) }],
  });
  const template = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'report.typ'), 'utf8');
  compiler.addSource(join(ROOT, 'main.typ'), template);
  const files = new Files(compiler);
  const placed = withMissing(files.map(forPaper(report.blocks)));
  const compile = (blocks: readonly Block[]) => {
    const head = { left: breakable(report.left), right: breakable(report.right) };
    const json = { ...report, ...head, pictures: files.paths, blocks };
    compiler.mapShadow(join(ROOT, 'doc.json'), Buffer.from(JSON.stringify(json)));
    return compilePdf(compiler, 'main.typ', report.date);
  };
  try {
    return { bytes: compile(placed), trouble: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const { blocks, changed } = sound(placed, (some) => compiles(() => compile(some)));
    const whole = compiles(() => compile(blocks));
    const bytes = compile(whole ? blocks : report.blocks.map(wordsAlone));
    return { bytes, trouble: `PDF with ${whole ? changed : 'every part'} made plainer: ${why}` };
  }
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

/** Says at the top what the fonts lack: an empty box in the text says only that something is missing. */
function withMissing(blocks: readonly Block[]): Block[] {
  const missing = missingScripts(blocks, hasCharacter());
  if (missing === null) return [...blocks];
  const words = `The fonts of this PDF lack ${missing}, shown as empty boxes; the HTML and Markdown have them.`;
  const at = blocks.findIndex((block) => block.t === 'title') + 1;
  return [...blocks.slice(0, at), { t: 'para', c: [em(words)] }, ...blocks.slice(at)];
}

/** Whether one of the fonts for words, signs or emoji has a character. */
function hasCharacter(): (character: number) => boolean {
  const upright = faces.filter(({ weight, style }) => weight === 400 && style === 'normal');
  const fonts = [...upright, ...signs].map((face) => charactersOf(fontFile(face)));
  return (character) => fonts.some((has) => has(character));
}

function compiles(compile: () => unknown): boolean {
  try {
    compile();
    return true;
  } catch {
    return false;
  }
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

  map(blocks: readonly Block[]): Block[] {
    return changeAll(blocks, (block): Block => {
      if (block.t !== 'figure') return block;
      const picture = this.place(block.picture);
      // The type of the tree has bytes here; report.typ gets file ids in their place.
      if (picture !== null) return { ...block, picture } as unknown as Block;
      return { t: 'missing', what: block.alt, why: 'it cannot be read' };
    });
  }

  private place(picture: Picture): object | null {
    if (picture.kind === 'plot') {
      return {
        ...{ kind: 'plot', legend: picture.legend },
        panels: picture.panels.map((svg) => this.put(Buffer.from(svg), 'svg')),
      };
    }
    const extension = picture.mime === 'image/svg+xml' ? 'svg' : picture.mime.slice('image/'.length);
    const raw = Buffer.from(picture.base64, 'base64');
    const bytes = extension === 'svg' ? Buffer.from(withOurFonts(raw.toString('utf8'))) : raw;
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

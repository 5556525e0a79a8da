import { limits } from './guards.ts';

/** Stands before the number of lines cut from a fence or a table. No text holds it: `clean` drops it. */
const CUT = '\u0001';

interface Part {
  kind: 'words' | 'fence' | 'table';
  /** The most lines, and the most characters, that are kept of it. */
  lines: number;
  chars: number;
  cutLines: number;
  cutChars: number;
}

/**
 * Shortens what is too long by itself: a fence, a table, a paragraph, a list. So a log of 3 MB in a fence
 * costs itself, and not the words after it. `cut` says whether anything is left out.
 */
export function shorten(source: string): { text: string; cut: boolean } {
  const out: string[] = [];
  let cut = false;
  const partOf = (kind: Part['kind']): Part => ({
    kind,
    lines: { words: Number.POSITIVE_INFINITY, fence: limits.codeLines, table: limits.rows + 2 }[kind],
    chars: kind === 'words' ? limits.block : Number.POSITIVE_INFINITY,
    cutLines: 0,
    cutChars: 0,
  });
  let part = partOf('words');
  let fence = { mark: '', prefix: '' };
  const begin = (kind: Part['kind']) => {
    cut ||= part.cutLines > 0 || part.cutChars > 0;
    if (part.cutChars > 0 && part.kind === 'words')
      out.push('', `*${part.cutChars.toLocaleString('en-US')} characters are left out here.*`, '');
    if (part.cutLines > 0 && part.kind !== 'words') out.push(`${fence.prefix}${CUT}${part.cutLines}`);
    part = partOf(kind);
  };
  const keep = (line: string) => {
    const first = part.chars === limits.block;
    if (part.lines > 0 && (first || line.length < part.chars)) {
      const row = part.kind === 'table' ? withoutBars(line) : line;
      const kept = part.kind === 'fence' ? cutLine(row) : row.slice(0, limits.block);
      out.push(kept);
      cut ||= kept !== row;
      if (part.kind === 'words') part.cutChars += line.length - kept.length;
    } else {
      part.cutLines++;
      part.cutChars += line.length + 1;
      part.lines = 0;
      part.chars = 0;
    }
    part.lines--;
    part.chars -= line.length + 1;
  };
  for (const line of source.split('\n')) {
    const [, prefix = '', mark = '', rest = ''] =
      /^([\s>]*(?:[-*+]\s+|\d+[.)]\s+)?)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (part.kind === 'fence') {
      const ends = mark.startsWith(fence.mark) && rest.trim() === '';
      if (ends) begin('words');
      if (ends) out.push(line);
      else keep(line);
    } else if (mark !== '' && !(mark.startsWith('`') && rest.includes('`'))) {
      begin('fence');
      fence = { mark, prefix: prefix.replace(/[^\s>]/g, ' ') };
      out.push(line);
    } else {
      const kind = /^\s*\|/.test(line) ? 'table' : 'words';
      if (kind !== part.kind || line.trim() === '') {
        fence = { mark: '', prefix: '' };
        begin(kind);
      }
      if (line.trim() === '') out.push(line);
      else keep(line);
    }
  }
  begin('words');
  return { text: out.join('\n'), cut };
}

/** A bar in a formula or in code ends no cell: Markdown wants a backslash before it. */
function withoutBars(row: string): string {
  return row
    .replace(/(`+)(?!`)(.*?[^`])\1(?!`)/g, (code) => code.replace(/(?<!\\)\|/g, '\\|'))
    .replace(/\$(?![\s$])[^$`]*?(?<!\s)\$(?!\d)|\\\([^`]*?\\\)/g, (formula) =>
      formula.replace(/\\\|/g, '\\Vert ').replace(/\|/g, '\\vert '),
    );
}

function cutLine(line: string): string {
  const more = line.length - limits.codeColumns;
  return more > 0
    ? `${line.slice(0, limits.codeColumns)}… ${more.toLocaleString('en-US')} more characters`
    : line;
}

/** The body of a fence, or a cell of a table, without the mark of `shorten`, and how many lines it cut. */
export function takeCut(body: string): { body: string; cut: number } {
  const at = body.lastIndexOf(CUT);
  if (at === -1) return { body, cut: 0 };
  return { body: body.slice(0, at).replace(/\n?[ >]*$/, ''), cut: Number(body.slice(at + 1).trim()) || 0 };
}

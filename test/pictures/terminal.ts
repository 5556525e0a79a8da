/** Letters of a terminal that look the same. */
export interface Span {
  text: string;
  bold: boolean;
  dim: boolean;
}

interface Cell {
  letter: string;
  bold: boolean;
  dim: boolean;
}

const BLANK: Cell = { letter: ' ', bold: false, dim: false };

// biome-ignore lint/suspicious/noControlCharactersInRegex: the orders of a terminal begin with them
const PIECE = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.|[\s\S]/gu;

/**
 * What a terminal of so many columns shows at the end of what was written to it: its last rows. It obeys what
 * a line of progress needs (return, backspace, erase, column, bold and dim) and passes over all else.
 */
export function screenOf(written: string, columns: number, rows: number): Span[][] {
  const lines: Cell[][] = [[]];
  let [at, bold, dim] = [0, false, false];
  const line = () => lines.at(-1) as Cell[];
  for (const [piece, numbers, order] of written.matchAll(PIECE)) {
    if (order === 'm') {
      for (const code of (numbers || '0').split(';')) {
        if (code === '0' || code === '22') [bold, dim] = [false, false];
        if (code === '1') bold = true;
        if (code === '2') dim = true;
      }
    } else if (order === 'K') line().splice(numbers === '2' || numbers === '1' ? 0 : at);
    else if (order === 'G') at = Math.max(0, Number(numbers || 1) - 1);
    else if (piece.length > 1 && piece.startsWith('\x1b')) continue;
    else if (piece === '\r') at = 0;
    else if (piece === '\b') at = Math.max(0, at - 1);
    else if (piece === '\n') lines.push([]);
    else if (piece >= ' ') {
      if (at >= columns) {
        lines.push([]);
        at = 0;
      }
      while (line().length < at) line().push(BLANK);
      line()[at++] = { letter: piece, bold, dim };
    }
  }
  return lines.slice(-rows).map(spansOf);
}

function spansOf(cells: readonly Cell[]): Span[] {
  const spans: Span[] = [];
  for (const { letter, bold, dim } of cells) {
    const last = spans.at(-1);
    if (last && last.bold === bold && last.dim === dim) last.text += letter;
    else spans.push({ text: letter, bold, dim });
  }
  return spans;
}

/**
 * The recording of a loop's console up to a moment of the night: the last training run that is half done.
 * @throws where the recording shows none.
 */
export function atNight(recording: string): string {
  const own = recording.replace(/^Script (?:started|done) on .*\r?\n/gm, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: so begins a line that is written over
  const moments = [...own.matchAll(/\r\x1b\[K {2}[█░]+ (\d+)% of [^\r\n]*/g)].filter(
    ([, share]) => Number(share) >= 40 && Number(share) <= 90,
  );
  const last = moments.at(-1);
  if (!last) throw new Error('the recording shows no training run under way');
  return own.slice(0, last.index + last[0].length);
}

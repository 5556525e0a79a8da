/** Characters that take two columns of a terminal: East Asian ones, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** Characters that take none: accents, joiners and selectors. */
const NONE = /^(?:\p{M}|\u200c|\u200d|\ufe0e|\ufe0f)$/u;

const widthOf = (character: string): number => (NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** How many columns of a terminal a text takes. */
export const columnsOf = (text: string): number => [...text].reduce((sum, c) => sum + widthOf(c), 0);

/** A text that takes at most so many columns; one that is cut ends in an ellipsis. */
export function within(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let [kept, taken] = ['', 1];
  for (const character of text) {
    taken += widthOf(character);
    if (taken > columns) break;
    kept += character;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** A text in lines of at most so many columns, broken between words; the last of `most` has the rest. */
export function wrap(text: string, columns: number, most: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= columns || lines.length === most || line === '')
      lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => within(line, columns));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the bold and dim of our own lines
const STYLES = /\x1b\[\d+m/g;

/**
 * A line for a terminal of so many columns, which would break it after any letter: broken between words,
 * further lines indented by two more. A word that no line has room for is left to the terminal.
 */
export function hanging(line: string, columns: number): string {
  const indent = `${/^ */.exec(line)?.[0]}  `;
  const shown = (text: string) => columnsOf(text.replace(STYLES, ''));
  const lines = [''];
  for (const [i, word] of line.split(' ').entries()) {
    const longer = i === 0 ? word : `${lines.at(-1)} ${word}`;
    const fits = shown(longer) <= columns || shown(indent + word) > columns;
    if (fits) lines[lines.length - 1] = longer;
    else lines.push(indent + word);
  }
  return lines.join('\n');
}

const STEPS = '▁▂▃▄▅▆▇█';

/**
 * Numbers as a curve of one line: at most so many columns, each the mean of its numbers, from the smallest of
 * them to the largest.
 */
export function sparkline(numbers: readonly number[], columns: number): string {
  const size = Math.min(columns, numbers.length);
  const means = Array.from({ length: size }, (_, i) => {
    const part = numbers.slice(
      Math.floor((i * numbers.length) / size),
      Math.floor(((i + 1) * numbers.length) / size),
    );
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const least = Math.min(...means);
  const span = Math.max(...means) - least;
  const last = STEPS.length - 1;
  return means.map((mean) => STEPS[span > 0 ? Math.round(((mean - least) / span) * last) : 0]).join('');
}

/** A share from 0 to 1 as a bar. */
export function bar(share: number, columns = 20): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * columns);
  return `${'█'.repeat(full)}${'░'.repeat(columns - full)}`;
}

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { UserError } from '#contract/errors';

/**
 * Splits a command line of the contract into words, as a shell would split plain words and quotes: 'a b', "a
 * b" and a backslash before a character. The command is started without a shell, so syntax that needs one is
 * refused.
 * @throws UserError that shows the line and says what is wrong with it.
 */
export function splitCommand(line: string): string[] {
  const refuse = (why: string): never => {
    throw new UserError(`command ${JSON.stringify(line)}: ${why}`);
  };
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < line.length; i++) {
    const c = line.charAt(i);
    if (c === '\0') refuse('contains a zero character');
    if (c === '\\' && quote !== "'") {
      if (++i === line.length) refuse('ends in a backslash');
      word = (word ?? '') + line.charAt(i);
    } else if (quote) {
      if (c === quote) quote = null;
      else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else if ('|&;<>`$()'.includes(c)) {
      refuse(
        `"${c}" needs a shell, and the command is started without one; put it into a script, or quote it`,
      );
    } else word = (word ?? '') + c;
  }
  if (quote) refuse(`the quote ${quote} is not closed`);
  if (word !== null) words.push(word);
  if (words.length === 0) refuse('is empty');
  return words;
}

/** The command line that `splitCommand` splits into these words. */
export function joinCommand(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

/** Whether a program of this name can be started: `name` is a path, or is looked up in PATH. */
export function isProgram(name: string, path = process.env.PATH ?? ''): boolean {
  const places = name.includes('/')
    ? [resolve(name)]
    : path.split(delimiter).map((dir) => resolve(dir, name));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return statSync(place).isFile();
    } catch {
      return false;
    }
  });
}

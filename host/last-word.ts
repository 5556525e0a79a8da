import { plain } from '#contract/text';

/**
 * Stack frames, the caret under a quoted line of code, and other lines that runtimes print around an error.
 */
const NOISE = /^(?:\s+at |\s*\^+\s*$|Node\.js v|\s+File ".*", line \d+|Traceback )/;

/** A line that names an error: "Error: no such world", "RuntimeError: ...", "error: ...". */
const NAMED = /^(?:Uncaught )?(?:error|[\w.]*(?:Error|Exception))(?: \[[\w-]+\])?: \S/;

/**
 * The error message of a failed command: the last line that names an error, else the last line with content.
 * Stack frames and the runtime's version, which stand below an error, are skipped. It may come from untrusted
 * code, so it is made printable. Null where nothing was written.
 */
export function lastWord(lines: readonly string[]): string | null {
  const said = lines.filter((line) => plain(line) !== '' && !NOISE.test(line));
  const word = said.findLast((line) => NAMED.test(line)) ?? said.at(-1);
  return word === undefined ? null : plain(word).replace(/^error: /, '');
}

/** Stack frames, the mark under a quoted line of code, and what runtimes print at their end. */
const NOISE = /^(?:\s+at |\s*\^+\s*$|Node\.js v|\s+File ".*", line \d+|Traceback )/;

/** A line that names an error: "Error: no such world", "RuntimeError: ...", "error: ...". */
const NAMED = /^(?:Uncaught )?(?:error|[\w.]*(?:Error|Exception))(?: \[[\w-]+\])?: \S/;

/**
 * What a command that failed said of it: the last line that names an error, else the last that says
 * something. Below an error stand the calls that it came through, and the runtime's version. Null where
 * nothing was said.
 */
export function lastWord(lines: readonly string[]): string | null {
  const said = lines.filter((line) => line.trim() !== '' && !NOISE.test(line));
  const word = said.findLast((line) => NAMED.test(line)) ?? said.at(-1);
  return word?.trim().replace(/^error: /, '') ?? null;
}

import { appendFileSync, lstatSync, readFileSync } from 'node:fs';
import { inSprint } from '../common/paths.ts';
import { plain } from '../common/words.ts';

/**
 * Adds to the sprint's log why its conversation ended before finish_sprint. The line is added once, also
 * after a crash between this step and the close. A log that is not a plain file is left as it is.
 */
export function logEnd(sprintDir: string, stopReason: string): void {
  const path = inSprint(sprintDir).log;
  const line = `The loop adds: the conversation ended before finish_sprint (${plain(stopReason)}).`;
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return;
  const text = readFileSync(path, 'utf8');
  if (!text.includes(line)) appendFileSync(path, `${text.endsWith('\n') ? '' : '\n'}\n${line}\n`);
}

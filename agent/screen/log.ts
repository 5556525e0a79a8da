import { join } from 'node:path';
import { pino } from 'pino';
import type { LoggedEvent } from '#contract/event';
import { logsDir } from '../common/paths.ts';
import { redact } from '../common/redact.ts';
import type { Config } from '../config/config.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
}

/**
 * Writes the events of a loop to a log file of its own under `state/logs`: JSON lines, written
 * synchronously. Values that look like secrets are blanked out.
 */
export function logOver(loop: LoopParts): (event: LoggedEvent) => void {
  const name = `loop-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.jsonl`;
  const dest = pino.destination({
    dest: join(logsDir(loop.config.repo), name),
    mkdir: true,
    sync: true,
  });
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => dest.write(redact(line)) },
  );
  return ({ type, ...fields }) => {
    // Some fields of an event have the names of pino's own fields, which are numbers.
    const { level, ...rest } = { level: 'info' as const, ...fields };
    logger[level](rest, type);
  };
}

import { join } from 'node:path';
import { pino } from 'pino';
import type { LoggedEvent } from '#contract/event';
import { logsDir } from '../common/paths.ts';
import { redact } from '../common/redact.ts';
import type { Config } from '../config/config.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Config;
}

/**
 * A log file a loop under `state/logs`, JSON lines, written at once; whatever looks like a secret is blanked
 * out.
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
    // Of the same name as pino's own, which are numbers.
    const { level, ...rest } = { level: 'info' as const, ...fields };
    logger[level](rest, type);
  };
}

import { readFileSync } from 'node:fs';
import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { startWorking } from '#contract/working';
import { inRun } from '../common/paths.ts';
import type { RunHandle } from '../executor/executor.ts';
import { stoppable } from './interrupt.ts';
import { Meter } from './meter.ts';

/**
 * Shows the run until it ends. The first Ctrl-C ends it with time to save, the second one at once. `names`:
 * logged numbers to show. `alone`: no other run is shown at the same time, so its progress is.
 * @throws UserError where the train command refused its arguments; the run is then removed.
 */
export async function watch(
  run: RunHandle,
  title: string,
  names: readonly string[],
  alone = true,
): Promise<RunRecord> {
  const meter = new Meter(names);
  const starting = alone ? startWorking('starting the trainer') : null;
  let begun = false;
  run.onProgress((progress) => {
    starting?.end();
    // Only with the first progress: of a refused run nothing but the reason is shown.
    if (!begun) for (const line of [title, ...(alone ? opening(run.dir) : [])]) say(line);
    begun = true;
    if (alone) meter.show(progress);
  });
  const record = await stoppable(
    (before) => void run.stop('stopped by hand', before > 0 ? { graceSeconds: 0 } : {}),
    () => run.done,
  ).finally(() => starting?.end());
  if (alone) meter.end();
  const refusal = await run.refusal;
  if (refusal === null) return record;
  await run.discard();
  throw new UserError(refusal);
}

/** Lines that were shown already: the runs of a sweep have the same backend, for the same reasons. */
const shown = new Set<string>();

/**
 * The lines at the start of the trainer's log that a person should see and has not seen: its backend and why,
 * and warnings.
 */
function opening(dir: string): string[] {
  const lines = readFileSync(inRun(dir).trainerLog, 'utf8').split('\n', 20);
  // The workspace wrote these lines: no control characters may reach the terminal.
  return lines
    .filter((line) => /^(backend|warning):? /.test(line))
    .map((line) => line.replace(/\p{Cc}/gu, ''))
    .filter((line) => !shown.has(line) && shown.add(line));
}

/** Writes a line, over a line that says what is under way. */
export function say(line: string): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${line}\n`);
}

import { readFileSync } from 'node:fs';
import { UserError } from '#contract/errors';
import type { RunRecord } from '#contract/run';
import { inRun } from '../common/paths.ts';
import type { RunHandle } from '../executor/executor.ts';
import { stoppable } from './interrupt.ts';
import { Meter } from './meter.ts';

/**
 * Shows the run until it ends. Ctrl-C ends it, once with time to save, twice at once. `names`: logged numbers
 * to show.
 * @throws UserError where the train command refused its arguments; then nothing of the run is left.
 */
export async function watch(run: RunHandle, title: string, names: readonly string[]): Promise<RunRecord> {
  const meter = new Meter(names);
  let begun = false;
  run.onProgress((progress) => {
    // Not before: a run that is refused says one line, why.
    if (!begun) for (const line of [title, ...opening(run.dir)]) say(line);
    begun = true;
    meter.show(progress);
  });
  const record = await stoppable(
    (before) => void run.stop('stopped by hand', before > 0 ? { graceSeconds: 0 } : {}),
    () => run.done,
  );
  meter.end();
  const refusal = await run.refusal;
  if (refusal === null) return record;
  await run.discard();
  throw new UserError(refusal);
}

/**
 * What a person should see of the first lines of the trainer's log: what it computes on and why, and
 * warnings.
 */
function opening(dir: string): string[] {
  const lines = readFileSync(inRun(dir).trainerLog, 'utf8').split('\n', 20);
  // Whatever the workspace wrote: no control characters for the terminal.
  return lines
    .filter((line) => /^(backend|warning):? /.test(line))
    .map((line) => line.replace(/\p{Cc}/gu, ''));
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

import { readdirSync } from 'node:fs';
import { writeJsonAtomic } from '#contract/atomic';
import { OWN_FAULT } from '#contract/errors';
import { type EndedBy, type Progress, type RunRecord, TrainResult } from '#contract/run';
import { plain } from '#contract/text';
import type { Child } from '#host/child';
import { lastWord } from '#host/last-word';
import { removeLeft } from '#host/remove-left';
import { dropTree } from '#host/tree';
import { readUntrusted } from '#host/untrusted';
import { inRun } from '../common/paths.ts';
import type { RunHandle } from './executor.ts';
import { type Ending, endedFromOutside, outcomeOf } from './outcome.ts';
import { ProgressTail } from './progress.ts';
import { MAX_OUT_BYTES, memoryTrouble, roomTrouble } from './room.ts';
import { runRef } from './run-id.ts';

const POLL_MS = 250;
const ROOM_MS = 500;
const MEMORY_MS = 1000;
/** How long the data service may take to notice that its reader is gone. */
const SERVICE_ENDS_MS = 5000;

/** Watches a run until it ends, however it ends, and completes its record. */
export function follow(run: {
  repo: string;
  record: RunRecord;
  dir: string;
  service: Child | null;
  trainer: Child;
  /** For a resumed run: its seconds and rows before. */
  earlier?: { seconds: number; rows: number };
  maxOutBytes?: number;
  maxMemoryBytes?: number;
  /** Where the completed record goes; unset: `run.json`. */
  write?: (record: RunRecord) => void;
}): RunHandle {
  const { repo, record, dir, service, trainer, earlier = { seconds: 0, rows: 0 } } = run;
  const { maxOutBytes = MAX_OUT_BYTES, maxMemoryBytes } = run;
  const { out, progress, record: recordPath } = inRun(dir);
  const { write = (complete) => writeJsonAtomic(recordPath, complete) } = run;
  const listeners = new Set<(progress: Progress) => void>();
  const tail = new ProgressTail(progress);
  const look = () => {
    for (const progress of tail.read()) for (const listener of listeners) listener(progress);
  };
  let stoppedBy: EndedBy | null = null;
  const stop = (reason: string, by: EndedBy, graceSeconds?: number) => {
    stoppedBy ??= by;
    return trainer.stop(reason, graceSeconds);
  };
  const timer = setInterval(look, POLL_MS);
  const guard = setInterval(() => {
    const trouble = roomTrouble(out, maxOutBytes);
    if (trouble) void stop(trouble, 'limit', 0);
  }, ROOM_MS);
  let tooMuch: string | null = null;
  const memoryGuard = setInterval(() => {
    tooMuch ??= memoryTrouble(trainer, maxMemoryBytes);
    if (tooMuch) void stop(tooMuch, 'limit', 0);
  }, MEMORY_MS);

  // The batch that a run goes on from is its trainer's word: it may name an earlier one, and no row less was
  // served for that.
  const before = record.rowsServed ?? 0;
  const finish = async (): Promise<RunRecord> => {
    const exit = await trainer.done;
    clearInterval(timer);
    clearInterval(guard);
    clearInterval(memoryGuard);
    look();
    const served = service ? await endService(service) : null;
    const ended = outcomeOf({
      exit,
      stoppedBy,
      // The run may have ended by itself before it was stopped.
      tooMuchMemory: exit.stopped === tooMuch ? tooMuch : null,
      result: readResult(inRun(dir).result),
      said: lastWord(trainer.log?.lastLines(60) ?? []),
      service: served?.failed ?? null,
    });
    const complete: RunRecord = {
      ...record,
      ...ended,
      endedAt: new Date().toISOString(),
      seconds: earlier.seconds + exit.seconds,
      rowsServed: served?.rows == null ? null : Math.max(before, earlier.rows + served.rows),
      ...(served?.drawnBy != null && { drawnBy: served.drawnBy }),
    };
    try {
      write(complete);
    } catch (error) {
      const trouble = `run.json could not be written (${(error as Error).message})`;
      complete.reason = complete.reason ? `${complete.reason}; ${trouble}` : trouble;
    }
    return complete;
  };
  const done = finish();
  const refusal = Promise.all([trainer.done, done]).then(([exit]) =>
    exit.code === 2 && isEmpty(out)
      ? (lastWord(trainer.log?.lastLines(60) ?? []) ?? 'the train command refused its arguments')
      : null,
  );

  return {
    id: record.id,
    dir,
    done,
    refusal,
    async discard() {
      await done;
      removeLeft(dir);
      await dropTree({ repo, ref: runRef(record.id) });
    },
    async stop(reason, { by = 'user', graceSeconds } = {}) {
      await stop(reason, by, graceSeconds);
      return done;
    },
    onProgress(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Waits for the data service to end, now that its reader is gone. Returns how many rows it handed out, which
 * device drew them where it names one, and whether it failed by itself.
 */
export async function endService(
  service: Child,
): Promise<{ rows: number | null; drawnBy: string | null; failed: Ending['service'] }> {
  const patience = setTimeout(() => void service.stop('its trainer has ended'), SERVICE_ENDS_MS);
  const exit = await service.done;
  clearTimeout(patience);
  const lines = service.log?.lastLines(60) ?? [];
  const failed = exit.stopped === null && exit.code !== 0;
  const said = lastWord(lines.filter((line) => rowsIn(line) === null));
  return {
    rows: lines.map(rowsIn).findLast((rows) => rows !== null) ?? null,
    drawnBy: lines.map(deviceIn).findLast((name) => name !== null) ?? null,
    failed: failed
      ? {
          said: said ?? `exit code ${exit.code ?? exit.signal}`,
          outside: endedFromOutside(exit),
          ownFault: exit.code === OWN_FAULT,
        }
      : null,
  };
}

function rowsIn(line: string): number | null {
  const match = /^\{"served":\{"rows":(\d+)[,}]/.exec(line.replaceAll(' ', ''));
  return match ? Number(match[1]) : null;
}

function deviceIn(line: string): string | null {
  const [, quoted] = /^\{"served":\{.*"drawnBy":("(?:[^"\\]|\\.)*")/.exec(line) ?? [];
  try {
    return quoted === undefined ? null : plain(JSON.parse(quoted) as string);
  } catch {
    return null;
  }
}

function readResult(path: string): TrainResult | null {
  try {
    return TrainResult.parse(JSON.parse(readUntrusted(path, 1 << 20) ?? ''));
  } catch {
    return null;
  }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return false;
  }
}

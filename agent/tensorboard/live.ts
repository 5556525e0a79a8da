import type { LoggedEvent } from '#contract/event';
import { eventFilePath, runDir, tensorboardDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { findRunRecord, readEvals } from '../ledger/run-folder.ts';
import { addRecords, openEventFile } from './files.ts';
import { RunEvents } from './run-events.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  journal: Journal;
}

/** The event file of a run of this loop. */
interface Open {
  path: string;
  events: RunEvents;
}

/**
 * Writes an event file of each run while the loop runs. A run that is continued adds to its file; TensorBoard
 * takes a step that comes again in place of the earlier one.
 */
export function tensorboardOver(loop: LoopParts): (event: LoggedEvent) => void {
  const open = new Map<string, Open>();
  const byTicket = new Map<string, string>();
  let told = false;

  const add = (event: LoggedEvent) => {
    const seconds = Date.parse(event.at) / 1000;
    const to = (run: string, records: (events: RunEvents) => Uint8Array[]) => {
      const file = open.get(run) ?? openRun(loop.config.repo, run, seconds);
      if (!file) return;
      open.set(run, file);
      addRecords(file.path, records(file.events));
    };
    switch (event.type) {
      case 'run.started':
        if (event.ticket !== undefined) byTicket.set(event.ticket, event.run);
        return to(event.run, () => []);
      case 'run.progress':
        return to(event.run, (events) => events.logged(seconds, event));
      case 'run.finished':
        return to(event.run, (events) => events.end(seconds, event.status === 'finished'));
      case 'run.released': {
        // Only now the snapshots are measured.
        const run = byTicket.get(event.ticket);
        byTicket.delete(event.ticket);
        if (run === undefined) return;
        const points = readEvals(runDir(loop.config.repo, run));
        return to(run, (events) => points.flatMap((point) => events.snapshot(seconds, point)));
      }
      case 'verdict.given':
        return to(event.run, (events) => events.verdict(seconds, event.verdict));
      default:
        return;
    }
  };

  return (event) => {
    try {
      add(event);
    } catch (error) {
      // A full disk costs these files only. The notice is an event too, so it comes after this one.
      if (told) return;
      told = true;
      const text = `no event files for TensorBoard are written from here on: ${messageOf(error)}`;
      queueMicrotask(() => loop.journal.notice(text, 'warn'));
    }
  };
}

function openRun(repo: string, run: string, seconds: number): Open | null {
  const record = findRunRecord(runDir(repo, run));
  if (!record) return null;
  const path = eventFilePath(tensorboardDir(repo), run);
  const events = new RunEvents({ ...record, id: run });
  if (openEventFile(path)) addRecords(path, events.opening(seconds));
  return { path, events };
}

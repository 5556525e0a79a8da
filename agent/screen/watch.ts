import { setTimeout as sleep } from 'node:timers/promises';
import { OFFLINE } from '../researcher/connection.ts';
import { eventLines } from './event-lines.ts';
import { frameOf, type Line, type Size } from './frame.ts';
import type { Watched, Watcher } from './watcher.ts';

const EVERY_MS = 500;

/** A terminal that a watcher draws on, or a pipe. */
export interface Out {
  isTTY: boolean;
  size(): Size;
  write(text: string): void;
}

/** Prints one frame, as long as it is. */
export function printFrame(watched: Watched, out: Out): void {
  const { columns } = out.size();
  for (const line of frameOf({ ...watched, said: [] }, { columns, rows: 1000 }))
    out.write(`${styled(line, out)}\n`);
}

/**
 * Draws the loop until it ends or `signal` aborts. A terminal is drawn on as a whole, and keeps the last
 * frame; a pipe gets one frame, then the lines of the loop's console.
 */
export async function watchLoop(watcher: Watcher, out: Out, signal: AbortSignal): Promise<void> {
  watcher.read();
  if (!out.isTTY) return follow(watcher, out, signal);
  out.write('\x1b[?1049h\x1b[?25l');
  try {
    while (!signal.aborted && watcher.now().alive) {
      const lines = frameOf(watcher.now(), { ...out.size(), rows: out.size().rows - 1 });
      const rows = lines.map((line) => `${styled(line, out)}\x1b[K\n`);
      out.write(`\x1b[H${rows.join('')}\x1b[J`);
      await pause(signal);
      watcher.read();
    }
    // What the loop has said since it was last read, before its end.
    watcher.read();
  } finally {
    out.write('\x1b[?25h\x1b[?1049l');
  }
  printFrame(watcher.now(), out);
}

async function follow(watcher: Watcher, out: Out, signal: AbortSignal): Promise<void> {
  printFrame(watcher.now(), out);
  const { contract, alive: ran } = watcher.now();
  const tell = eventLines(
    {
      contract,
      folder: (sprint) => `sprints/${sprint}`,
      offline: () => watcher.now().state.started?.researcher === OFFLINE,
      usd: () => watcher.now().state.usd,
    },
    { isTTY: false, columns: 0, write: (text) => out.write(text) },
  );
  for (let alive = ran; !signal.aborted && alive; ) {
    await pause(signal);
    // Asked before the events are read: a loop that ends in between has told its end by then.
    ({ alive } = watcher.now());
    for (const event of watcher.read()) tell(event);
  }
  if (!signal.aborted && ran) printFrame(watcher.now(), out);
}

const pause = (signal: AbortSignal) => sleep(EVERY_MS, undefined, { signal }).catch(() => {});

function styled({ text, style }: Line, { isTTY }: Out): string {
  if (!isTTY || style === 'plain') return text;
  return `\x1b[${style === 'bold' ? 1 : 2}m${text}\x1b[22m`;
}

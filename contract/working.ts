/** Milliseconds: before the first word, and between two of them. */
const QUIET_MS = { terminal: 400, plain: 1500 };
const EVERY_MS = { terminal: 250, plain: 5000 };

/** What is under way, in words; `how`: how far it is. */
export interface Working {
  told(how: string): void;
  end(): void;
}

/**
 * Says on standard error what is under way and for how long, until it ends: on a terminal in one line that
 * is drawn again and then removed, elsewhere in a plain line now and then. What ends at once says nothing.
 */
export function startWorking(what: string, out: NodeJS.WriteStream = process.stderr): Working {
  const started = performance.now();
  const kind = out.isTTY ? 'terminal' : 'plain';
  let due = started + QUIET_MS[kind];
  let how = '';
  let drawn = false;
  let timer: NodeJS.Timeout;
  const draw = () => {
    const parts = [what, how, clock((performance.now() - started) / 1000)].filter((part) => part !== '');
    const line = parts.join(' · ');
    out.write(out.isTTY ? `\r\x1b[K${line.slice(0, (out.columns || 120) - 1)}` : `${line}\n`);
    drawn = true;
    clearTimeout(timer);
    timer = setTimeout(draw, EVERY_MS[kind]);
    due = performance.now() + EVERY_MS[kind];
    timer.unref();
  };
  timer = setTimeout(draw, QUIET_MS[kind]);
  timer.unref();
  return {
    told(now) {
      how = now;
      // Work that never waits leaves no time to the timer.
      if (performance.now() >= due) draw();
    },
    end() {
      clearTimeout(timer);
      if (drawn && out.isTTY) out.write('\r\x1b[K');
      drawn = false;
    },
  };
}

/** Says so while `work` runs. */
export async function working<T>(what: string, work: (told: Working['told']) => Promise<T>): Promise<T> {
  const { told, end } = startWorking(what);
  try {
    return await work(told);
  } finally {
    end();
  }
}

/** 0:16 · 12:05 · 3:20:00 */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(s / 60);
  return minutes < 60
    ? `${minutes}:${two(s % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`;
}

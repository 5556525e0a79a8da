import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { collect, startChild } from '#host/child';
import { memoryOf } from '#host/memory';
import type { Sandbox } from '#host/sandbox';

const entry = fileURLToPath(new URL('./pdf-text.mjs', import.meta.url));
const library = () => dirname(dirname(fileURLToPath(import.meta.resolve('unpdf/pdfjs'))));

/** Seconds and bytes of memory for one PDF, and the characters of its text that are kept. */
export interface Most {
  seconds: number;
  memory: number;
  chars: number;
}

/** What a paper says; `read`: the pages that the text has. `trouble`: why it has none. */
export type Said =
  | { title: string; pages: number | null; read: number | null; text: string; cut: boolean }
  | { trouble: string };

const Answer = z.union([
  z.object({ trouble: z.string() }),
  z.object({
    title: z.string(),
    pages: z.number().int(),
    read: z.number().int(),
    text: z.string(),
    cut: z.boolean(),
  }),
]);

const LOOK_MS = 100;

/**
 * The text of a PDF, read by a process of its own within limits, in the sandbox where there is one: it sees
 * its own program and nothing else.
 */
export async function pdfText(
  pdf: Buffer,
  { sandbox, most, signal }: { sandbox: Sandbox; most: Most; signal: AbortSignal },
): Promise<Said> {
  const cwd = dirname(entry);
  const heap = Math.round(most.memory / 2 ** 20 / 2);
  const { argv, env } = sandbox.wrap(['node', `--max-old-space-size=${heap}`, entry, String(most.chars)], {
    cwd,
    readable: [entry, library()],
  });
  const child = startChild({
    ...{ argv, cwd, env },
    stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore' },
    timeoutSeconds: most.seconds,
    graceSeconds: 0,
    until: { signal, reason: 'the loop was stopped', graceSeconds: 0 },
  });
  child.stdin?.end(pdf);
  // V8's limit is one of its heap, and a PDF unpacks outside of that.
  const watch = setInterval(() => {
    if (memoryOf(child.pid, child.mark) > most.memory) void child.stop(MEMORY, 0);
  }, LOOK_MS);
  const said = await collect(child.stdout!, child.done, most.chars * BYTES_PER_CHAR + 10_000);
  const exit = await child.done;
  clearInterval(watch);
  if (exit.timedOut) return { trouble: `it takes longer than ${most.seconds} s to read` };
  if (exit.stopped !== null) return { trouble: exit.stopped };
  const answer = Answer.safeParse(parsed(said)).data;
  if (!answer) return { trouble: 'it cannot be read: its reader ended without an answer' };
  if ('text' in answer && answer.text === '')
    return { trouble: 'it has no text; its pages may be scanned pictures' };
  return answer;
}

const MEMORY = 'it takes too much memory to read';
/** A character takes at most so many bytes as JSON. */
const BYTES_PER_CHAR = 6;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

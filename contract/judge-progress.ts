import { z } from 'zod';

/**
 * A line that a judge may write to its output while it measures, before its last line. `unit`: what is
 * counted, in the plural.
 */
export const JudgeProgress = z.object({
  progress: z.object({
    done: z.number().int().nonnegative(),
    of: z.number().int().nonnegative(),
    unit: z.string().regex(/^[a-z ]{1,30}$/),
  }),
});
export type JudgeProgress = z.infer<typeof JudgeProgress>['progress'];

/** Calls back for every line of progress in an output that comes in pieces; other lines pass. */
export function progressOf(listener: (progress: JudgeProgress) => void): (piece: string) => void {
  let half = '';
  return (piece) => {
    const lines = (half + piece).split('\n');
    half = (lines.pop() as string).slice(0, 1 << 16);
    for (const line of lines) {
      if (!line.startsWith('{"progress"') || line.length > 1000) continue;
      const found = JudgeProgress.safeParse(parsed(line)).data;
      if (found) listener(found.progress);
    }
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

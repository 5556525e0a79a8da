import { z } from 'zod';

const Served = z.object({ served: z.object({ drawnBy: z.string() }) });

/** The device that a data service says has drawn its rows; null where the processor has. */
export function drawnByOf(told: string): string | null {
  const names = told.split('\n').flatMap((line) => {
    const { data } = Served.safeParse(orNull(line));
    return data ? [data.served.drawnBy] : [];
  });
  return names.at(-1) ?? null;
}

function orNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

import { z } from 'zod';
import type { Outcome } from './child.ts';
import { type Golden, partsOf, type Wish } from './order.ts';
import type { Part } from './parts.ts';

/** A part that was begun, or was not for want of time. */
export type Done = Part & { seconds: number; outcome: Outcome };

interface Hands {
  /** Runs a part with that many seconds. */
  run(part: Part, seconds: number): Promise<Outcome>;
  /** Milliseconds. */
  now(): number;
  /** Called after each part with all so far, and those that come next. */
  write(done: readonly Done[], left: readonly Part[]): void;
  /** What is to draw the samples of the whole run, after those parts; unset: a card where there is one. */
  drawn?(done: readonly Done[]): 'processor' | undefined;
}

const GoldenAnswer = z.object({
  backend: z.string(),
  label: z.string(),
  gpu: z.boolean(),
  seconds: z.number(),
  encode: z.literal('tf32').optional(),
});

/** A part that hangs leaves this share of the time to the others. */
const SHARE = 0.5;

/**
 * Runs all parts in the order of their worth and writes after each. With `seconds` no part runs longer than
 * half of what is left (a whole run: all of it), and one that needs more than is left is left out with this
 * reason; shorter ones still run.
 */
export async function prove(wish: Wish, seconds: number, { run, now, write, drawn }: Hands): Promise<Done[]> {
  const done: Done[] = [];
  const end = now() + seconds * 1000;
  for (;;) {
    const left = partsOf(wish, passed(done), drawn?.(done)).filter(({ id }) =>
      done.every((other) => other.id !== id),
    );
    write(done, left);
    const [part] = left;
    if (part === undefined) return done;
    const began = now();
    const remains = (end - began) / 1000;
    const outcome =
      remains < part.least
        ? { reason: `not begun: ${Math.max(0, Math.round(remains))} s were left` }
        : await run(part, Math.min(part.limit, mayTake(part, remains)));
    done.push({ ...part, seconds: (now() - began) / 1000, outcome });
  }
}

/** The seconds that a part may take of those that are left. */
const mayTake = ({ asked, least }: Part, remains: number): number =>
  asked.kind === 'run' ? remains : Math.max(least, SHARE * remains);

const MissingAnswer = z.object({ missing: z.string() });

/** What a backend lacks here, in one line, where its golden step could not be tried for that. */
export function missingOf({ outcome }: Done): string | null {
  const { data } = MissingAnswer.safeParse('answer' in outcome ? outcome.answer : null);
  return data?.missing ?? null;
}

/** The golden steps that passed. */
export function passed(done: readonly Done[]): Golden[] {
  return done.flatMap(({ asked, outcome }) => {
    if (asked.kind !== 'golden' || !('answer' in outcome)) return [];
    const parsed = GoldenAnswer.safeParse(outcome.answer);
    return parsed.success ? [parsed.data] : [];
  });
}

import { z } from 'zod';
import { Run } from './run.ts';

/**
 * The answer of a tool of the researcher: words for a reader, and fields for a program, as JSON in a block of
 * their own. The words may change; code that decides on an answer (the offline replay, a script) reads the
 * fields.
 */
export interface Answer {
  words: string;
  fields: object;
}

/** The content of a tool's result: the words first, the fields last. */
export const contentOf = ({ words, fields }: Answer) =>
  [words, JSON.stringify(fields)].map((text) => ({ type: 'text' as const, text }));

/**
 * The words and the fields of a tool's result, from its content; fields are null where it has words alone.
 */
export function answerIn(content: unknown): { words: string; fields: unknown } {
  if (!Array.isArray(content)) return { words: typeof content === 'string' ? content : '', fields: null };
  const texts = content.flatMap((block: { type?: unknown; text?: unknown }) =>
    block.type === 'text' && typeof block.text === 'string' ? [block.text] : [],
  );
  const [words, fields, ...others] = texts;
  try {
    if (words !== undefined && fields !== undefined && others.length === 0)
      return { words, fields: JSON.parse(fields) as unknown };
  } catch {} // Two texts that contentOf did not make.
  return { words: texts.join('\n'), fields: null };
}

/** The fields of a call whose end the loop did not see. */
export const CutOff = z.object({ cutOff: z.literal(true) });

/** The fields of a call that was refused before it did anything. */
export const RefusedFields = z.object({
  refused: z.discriminatedUnion('why', [
    /** Its input is wrong: `fields` has the paths of the wrong fields, sorted. */
    z.object({ why: z.literal('input'), fields: z.array(z.string()) }),
    /** It needs a sprint, and none was claimed. */
    z.object({ why: z.literal('no-sprint') }),
  ]),
});
export type RefusedFields = z.infer<typeof RefusedFields>;

/**
 * The fields of read_results where no field was asked for: the ledger, oldest sprint first, with the verified
 * numbers as they are shown.
 */
export const LedgerFields = z.object({
  /** The sprint that is open; null before it is claimed. */
  sprint: z.string().nullable(),
  /** The commit of the best-known workspace. */
  bestKnown: z.string(),
  /** The number that decides; absent in conversations of an earlier version. */
  metric: z.string().optional(),
  ledger: z.array(
    z.object({
      number: z.number(),
      id: z.string(),
      outcome: z.string(),
      metrics: z.record(z.string(), z.number()),
    }),
  ),
});
export type LedgerFields = z.infer<typeof LedgerFields>;

/** The fields of start_sprint. */
export const SprintFields = z.object({ sprint: z.string() });
export type SprintFields = z.infer<typeof SprintFields>;

/**
 * The fields of run_experiment: the run's id, or its ticket where it is queued. Of several seeds, `run` is
 * the first that was accepted, and `runs` has each.
 */
export const StartedFields = z.object({
  run: z.string(),
  queued: z.boolean(),
  /** `run` is null for a seed that was refused. */
  runs: z.array(z.object({ seed: z.number(), run: z.string().nullable() })),
});
export type StartedFields = z.infer<typeof StartedFields>;

/**
 * The fields of wait_for_experiment for a run that has ended: numbers as they are shown; `measured` is from
 * its last snapshot.
 */
export const EndedFields = z.object({
  run: z.string(),
  status: Run.shape.status,
  reason: Run.shape.reason,
  claimed: z.record(z.string(), z.number()),
  measured: z.record(z.string(), z.number()),
});
export type EndedFields = z.infer<typeof EndedFields>;

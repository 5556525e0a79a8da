import { z } from 'zod';
import { Run } from './run.ts';

/**
 * What a tool of the researcher answers: words for a reader, and fields for a program, which stand in a block
 * of their own as JSON. Words may change; who decides on an answer (the offline replay, a script) reads its
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
  } catch {} // Two texts of somebody else's.
  return { words: texts.join('\n'), fields: null };
}

/** Of a call that the loop did not see the end of. */
export const CutOff = z.object({ cutOff: z.literal(true) });

/** Of a call that was refused before anything of it was done. */
export const RefusedFields = z.object({
  refused: z.discriminatedUnion('why', [
    /** Its input is wrong: the paths of the fields that are, sorted. */
    z.object({ why: z.literal('input'), fields: z.array(z.string()) }),
    /** It needs a sprint, and none was claimed. */
    z.object({ why: z.literal('no-sprint') }),
  ]),
});
export type RefusedFields = z.infer<typeof RefusedFields>;

/**
 * Of read_results without a field: the ledger, oldest sprint first, with the verified numbers as they are
 * shown.
 */
export const LedgerFields = z.object({
  /** The sprint that is open; null before it is claimed. */
  sprint: z.string().nullable(),
  /** The commit of the best-known workspace. */
  bestKnown: z.string(),
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

/** Of start_sprint. */
export const SprintFields = z.object({ sprint: z.string() });
export type SprintFields = z.infer<typeof SprintFields>;

/**
 * Of run_experiment: the run's id, or its ticket where it is queued; of several seeds the first that was
 * accepted, and each in `runs`.
 */
export const StartedFields = z.object({
  run: z.string(),
  queued: z.boolean(),
  /** `run` is null for a seed that was refused. */
  runs: z.array(z.object({ seed: z.number(), run: z.string().nullable() })),
});
export type StartedFields = z.infer<typeof StartedFields>;

/**
 * Of wait_for_experiment, for a run that has ended: numbers as they are shown; `measured` in its last
 * snapshot.
 */
export const EndedFields = z.object({
  run: z.string(),
  status: Run.shape.status,
  reason: Run.shape.reason,
  claimed: z.record(z.string(), z.number()),
  measured: z.record(z.string(), z.number()),
});
export type EndedFields = z.infer<typeof EndedFields>;

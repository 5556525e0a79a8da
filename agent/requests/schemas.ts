import { z } from 'zod';
import { MOST_CHARS, NoteKind } from '#contract/note';
import type { Inspection } from '#contract/task-contract';
import { Line, NamedNumbers, Words } from '#contract/text';
import { Outcome } from '#contract/verdict';

/**
 * Inputs of the researcher's tools. The two native tools have the shapes that the Messages API documents for
 * `bash_20250124` and `text_editor_20250728`, and ignore unknown fields. The other tools are ours and refuse
 * unknown fields, because a misspelt one would be lost. Refusals quote these descriptions, and these messages
 * after "must be" (refusals.ts).
 */
export const BashInput = z
  .object({
    command: z.string().optional(),
    /** Asks the native tool for a fresh shell. Every call here has a fresh shell already. */
    restart: z.boolean().optional(),
  })
  .refine(({ command, restart }) => command !== undefined || restart === true, { path: ['command'] });
export type BashInput = z.infer<typeof BashInput>;

export const EditInput = z.discriminatedUnion('command', [
  z.object({
    command: z.literal('view'),
    path: z.string(),
    view_range: z
      .tuple([z.number().int(), z.number().int()])
      .optional()
      .describe('The first and the last line, which may be -1 for the end.'),
  }),
  z.object({ command: z.literal('create'), path: z.string(), file_text: z.string() }),
  z.object({
    command: z.literal('str_replace'),
    path: z.string(),
    old_str: z.string().min(1),
    new_str: z.string().default(''),
  }),
  z.object({
    command: z.literal('insert'),
    path: z.string(),
    insert_line: z.number().int().nonnegative(),
    insert_text: z.string(),
  }),
]);
export type EditInput = z.infer<typeof EditInput>;

/** Commits and reports put the outcome in brackets behind the title: a title may not look like that. */
const NO_OUTCOME = new RegExp(`^(?!.*[([](${Outcome.options.join('|')})[)\\]])`, 'i');

const hints = z
  .array(
    z.strictObject({
      hint: z.string().min(1).describe('The id that stands in brackets before the hint.'),
      answer: z.enum(['follow', 'decline']).describe('Whether this sprint follows the hint.'),
      why: Line.min(1).max(300).describe('How, or why not, in one sentence.'),
    }),
  )
  .optional();

export const StartSprintInput = z.strictObject({
  slug: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case words joined by hyphens, like "slower-decay"')
    .max(48)
    .describe(
      'Names the folder, after date and time: lower-case words joined by hyphens, like "slower-decay".',
    ),
  title: Line.min(3)
    .max(100)
    .regex(NO_OUTCOME, 'a title that names no outcome in brackets')
    .describe('A short title for ledger, report and commit, without an outcome.'),
  idea: Words.min(1).describe('The one idea that this sprint tests.'),
  motivation: Words.min(1).describe('Why it should help: earlier results, related work by name.'),
  expectation: Words.min(1).describe('What you expect to see, and what would refute the idea.'),
  predicted: NamedNumbers.describe(
    'The verified numbers that you predict for the full run, by the names in the ledger.',
  ),
  hints: hints.describe(
    'Answers to hints from the people you work for: those that this sprint follows, and those that you decline.',
  ),
});
export type StartSprintInput = z.infer<typeof StartSprintInput>;

export const RunExperimentInput = z.strictObject({
  experiment: z
    .string()
    .min(1)
    .optional()
    .describe('Name of an experiment of the workspace (the train command has --list).'),
  of: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Instead of an experiment: the id of a run. Its code and settings are trained again, at another budget or seed.',
    ),
  from: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The id of a finished run whose weights this run starts with. Such a run is shown apart and cannot become the best.',
    ),
  budget: z
    .enum(['screen', 'rank', 'full'])
    .optional()
    .describe('Training samples by stage: a short screen (the default), a rank run, or a full run.'),
  samples: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Instead of a budget: the number of training samples.'),
  seed: z.number().int().nonnegative().optional().describe('Seed of training data and initialisation.'),
  seeds: z
    .array(z.number().int().nonnegative())
    .min(1)
    .max(10)
    .optional()
    .describe(
      'Instead of one seed: several seeds. Each is a run of its own; the runs are queued in this order. Limits count every run.',
    ),
  set: z
    .array(z.string().regex(/^[^=\s]+=/, 'key=value, like "depth=4"'))
    .optional()
    .describe('Overrides of the experiment: ["depth=4", "lr=3e-4"].'),
});
export type RunExperimentInput = z.infer<typeof RunExperimentInput>;

const run = z.string().min(1).describe('The run id that run_experiment gave.');

export const WaitInput = z.strictObject({ run });
export const StopInput = z.strictObject({ run });

export const ReadResultsInput = z.strictObject({
  sprint: z.string().optional().describe('An earlier sprint, by number or id: its log and all its runs.'),
  run: z.string().optional().describe('A run, by id: its claimed numbers, curve and measured snapshots.'),
  notes: z
    .string()
    .optional()
    .describe(
      'Notes of the shared notebook: those that have this text in them or an id like "n12-3"; "all" for all of them.',
    ),
});
export type ReadResultsInput = z.infer<typeof ReadResultsInput>;

export const NoteInput = z.strictObject({
  kind: NoteKind.describe(
    'A finding; a dead end (what not to try again, and why); or a question to later sprints.',
  ),
  text: Line.min(1)
    .max(MOST_CHARS)
    .describe(
      `One short paragraph of at most ${MOST_CHARS} characters that can be understood without your log.`,
    ),
  cites: z
    .array(z.string().min(1))
    .max(8)
    .optional()
    .describe(
      'Notes (n12-3) and sprints (number or id) that it builds on. A finding or dead end that cites a question answers it.',
    ),
});
export type NoteInput = z.infer<typeof NoteInput>;

/** The input of inspect: a run, and the options that the task allows. */
export function inspectInput({ options }: Inspection) {
  const fields = Object.entries(options).map(([name, option]) => {
    const field =
      'choices' in option
        ? z.enum(option.choices)
        : 'most' in option
          ? z.number().int().positive().max(option.most)
          : z.array(z.number().int().nonnegative()).max(option.list);
    return [name, field.optional().describe(option.about)] as const;
  });
  return z.strictObject({ run, ...Object.fromEntries(fields) });
}
export type InspectInput = { run: string } & Record<string, string | number | number[] | undefined>;

export const FinishSprintInput = z.strictObject({
  summary: Words.min(1).describe('What was tried, the result, and what was learned. Negative results count.'),
  candidate: z
    .string()
    .nullable()
    .describe('The run to be judged against the present best, usually a full run; null for no candidate.'),
  next: Words.nullable().optional().describe('What you would try next, and why.'),
  infrastructure: z
    .boolean()
    .optional()
    .describe(
      'True for a change that makes work easier and must not change results. It is kept if a paired screen shows the same result.',
    ),
  hints: hints.describe(
    'Answers to hints that start_sprint did not answer, and answers that have changed since then.',
  ),
});
export type FinishSprintInput = z.infer<typeof FinishSprintInput>;

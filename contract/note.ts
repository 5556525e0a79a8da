import { z } from 'zod';
import { Line } from './text.ts';

export const NoteKind = z.enum(['finding', 'dead-end', 'question']);
export type NoteKind = z.infer<typeof NoteKind>;

/** The longest text of a note, in characters. */
export const MOST_CHARS = 600;

/**
 * A note of the shared notebook: a short remark of a researcher to all later sprints. It is the word of its
 * researcher, and measured by nobody.
 */
export const Note = z.object({
  /** `n12-3`: the third note of sprint 12. */
  id: z.string().regex(/^n\d+-\d+$/),
  /** The id of the sprint that signs it. */
  sprint: z.string(),
  /** The id of its researcher. */
  researcherId: z.string(),
  at: z.string(),
  kind: NoteKind,
  /** One paragraph. */
  text: Line,
  /** Ids of notes and of sprints that it builds on or answers. */
  cites: z.array(Line),
});
export type Note = z.infer<typeof Note>;

import type { Sprint } from '#contract/sprint';
import { aboutNote, notebookOf } from '../../ledger/notes.ts';
import { type Block, em, heading, para, strong, text, theirs } from '../document/tree.ts';

/**
 * What the sprint wrote into the shared notebook, and which notes of `history` cite it, in the frame of the
 * researcher's words. Each text is plain. Empty where it wrote nothing.
 */
export function notesBlocks({ id, notes = [] }: Sprint, history: readonly Sprint[]): Block[] {
  if (notes.length === 0) return [];
  // A note of a sprint whose folder was lost stands in the record of the next one, signed by its own.
  const mine = new Set(notes.map((note) => `${note.sprint} ${note.id}`));
  const lines = notebookOf(history)
    .filter(({ note }) => mine.has(`${note.sprint} ${note.id}`))
    .sort((a, b) => (a.note.at < b.note.at ? -1 : 1))
    .map((entry) => {
      const from = entry.note.sprint === id ? [] : [em(` (signed ${entry.note.sprint})`)];
      return para(strong(entry.note.id), em(` ${aboutNote(entry)}: `), text(entry.note.text), ...from);
    });
  return [heading(1, 'Notes for later sprints'), theirs(lines)];
}

import type { Note } from '#contract/note';
import type { Sprint } from '#contract/sprint';
import { cut, plain } from '../common/words.ts';
import { type Entry, nextNoteId, notebookOf } from '../ledger/notes.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { noSprintOpen, ToolMistake } from '../requests/paths.ts';
import type { NoteInput } from '../requests/schemas.ts';

/** The most notes of one sprint: a notebook that has all in it is read by nobody. */
const MOST = 10;

/**
 * Writes a note into the shared notebook. The event is the record; the sprint's own record has the note from
 * its close on. @throws ToolMistake before start_sprint, for a note too many or again, and for a citation
 * of what is not there.
 */
export function takeNote({ loop, claim, number }: OpenSprint, input: NoteInput): string {
  if (!claim) throw noSprintOpen();
  const { ledger, journal } = loop;
  const entries = notebookOf(ledger.sprints, journal.state().notes);
  const mine = entries.filter(({ note }) => note.sprint === claim.id);
  const { kind, text } = input;
  const again = mine.find(({ note }) => note.kind === kind && note.text === text);
  if (again) throw new ToolMistake(`this note is in the notebook already, as ${again.note.id}`);
  if (mine.length >= MOST)
    throw new ToolMistake(
      `this sprint has ${MOST} notes already, the most that one may take; write the rest into the log of your sprint`,
    );
  const cites = [...new Set((input.cites ?? []).map((cited) => found(cited, ledger.sprints, entries)))];
  const note: Note = {
    id: nextNoteId(number, entries),
    sprint: claim.id,
    researcherId: journal.researcherId,
    at: new Date(journal.now()).toISOString(),
    kind,
    text,
    cites,
  };
  journal.emit({ type: 'note.taken', sprint: claim.id, note });
  const answers =
    kind === 'question'
      ? []
      : entries.filter(({ note: { kind, id } }) => kind === 'question' && cites.includes(id));
  const closed = answers.length > 0 ? ` It answers ${answers.map(({ note }) => note.id).join(', ')}.` : '';
  return `Noted as ${note.id}.${closed}`;
}

/** The id of a note or sprint that is cited. @throws ToolMistake where there is none. */
function found(cited: string, sprints: readonly Sprint[], entries: readonly Entry[]): string {
  const note = entries.find(({ note: { id } }) => id === cited)?.note;
  const id = note?.id ?? sprints.find(({ id, number }) => id === cited || String(number) === cited)?.id;
  if (id !== undefined) return id;
  throw new ToolMistake(
    `there is no note and no closed sprint "${cut(plain(cited), 60)}"; cite the id of a note (n12-3), or the number or id of a sprint of the ledger`,
  );
}

import type { Note, NoteKind } from '#contract/note';
import type { Sprint } from '#contract/sprint';
import { count } from '../common/words.ts';

/** A note, and what became of it. */
export interface Entry {
  note: Note;
  /** The outcome of its sprint; null while that is open, or where its record is lost. */
  outcome: string | null;
  /** How many other sprints have a note that cites it. */
  cited: number;
  /** The note that answers it, where it is a question that has an answer. */
  answer: string | null;
}

/** A citation by another sprint counts as if the note were newer by so many notes. */
const CITATION = 5;

/** The most bytes that the notebook takes in a prompt. */
export const PROMPT_BYTES = 8192;

/**
 * The shared notebook: the notes of closed sprints and of open ones, newest and most cited first. Questions
 * that have an answer stand last: the answer says what was learned.
 */
export function notebookOf(sprints: readonly Sprint[], open: readonly Note[] = []): Entry[] {
  const all = [...sprints.flatMap(({ notes = [] }) => notes), ...open];
  // The events of a close follow its record: for a moment both have its notes.
  const notes = [...new Map(all.map((note) => [`${note.sprint} ${note.id}`, note])).values()].reverse();
  notes.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const outcomes = new Map(sprints.map(({ id, outcome }) => [id, outcome]));
  const ranked = notes.map((note, age) => {
    const citing = notes.filter(({ id, cites }) => id !== note.id && cites.includes(note.id));
    const others = new Set(citing.map(({ sprint }) => sprint).filter((sprint) => sprint !== note.sprint));
    const answer = note.kind === 'question' ? citing.findLast(({ kind }) => kind !== 'question') : undefined;
    const entry: Entry = {
      note,
      outcome: outcomes.get(note.sprint) ?? null,
      cited: others.size,
      answer: answer?.id ?? null,
    };
    return { entry, rank: age - CITATION * others.size };
  });
  return ranked
    .sort((a, b) => Number(a.entry.answer !== null) - Number(b.entry.answer !== null) || a.rank - b.rank)
    .map(({ entry }) => entry);
}

const KINDS: Record<NoteKind, string> = { finding: 'finding', 'dead-end': 'dead end', question: 'question' };

/** What stands before the words of a note: `finding · sprint 12 (no-gain) · cited by 2 sprints`. */
export function aboutNote({ note, outcome, cited, answer }: Entry): string {
  const { kind, cites, id } = note;
  const state = kind !== 'question' ? '' : answer === null ? ', open' : `, answered by ${answer}`;
  return [
    `${KINDS[kind]}${state}`,
    `sprint ${numberIn(id)} (${outcome ?? 'open'})`,
    cited > 0 ? `cited by ${count(cited, 'sprint')}` : '',
    cites.length > 0 ? `cites ${cites.join(', ')}` : '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** A note on one line: its text has no line ends. */
export const noteLine = (entry: Entry): string =>
  `- ${entry.note.id} · ${aboutNote(entry)}: ${entry.note.text}`;

/** The notebook as a prompt has it, in at most `bytes`; empty where there is no note. */
export function notebookInWords(entries: readonly Entry[], bytes = PROMPT_BYTES): string {
  if (entries.length === 0) return '';
  const head =
    '# Shared notebook\n\nNotes of researchers, newest and most cited first, a line each. They are the words of researchers; nobody measured them.\n';
  const rest = (left: number) =>
    `\n(${count(left, 'note')} more: read_results with notes "all", or with words to look for.)`;
  const room = bytes - Buffer.byteLength(head) - Buffer.byteLength(rest(entries.length));
  const lines: string[] = [];
  let used = 0;
  for (const line of entries.map(noteLine)) {
    used += Buffer.byteLength(line) + 1;
    if (used > room) break;
    lines.push(line);
  }
  const left = entries.length - lines.length;
  return `${head}\n${lines.join('\n')}${left > 0 ? rest(left) : ''}`;
}

/** The number of the sprint in the id of a note. */
const numberIn = (id: string) => id.slice(1).split('-')[0];

/** The id of the next note of a sprint, by its number. A number comes again where its sprint was dropped. */
export function nextNoteId(number: number, entries: readonly Entry[]): string {
  const own = `n${number}-`;
  const used = entries.map(({ note: { id } }) => (id.startsWith(own) ? Number(id.slice(own.length)) : 0));
  return `${own}${1 + Math.max(0, ...used)}`;
}

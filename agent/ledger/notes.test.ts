import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_CHARS, type Note } from '#contract/note';
import { exampleNote, exampleSprint } from '../fixtures/examples.ts';
import { nextNoteId, notebookInWords, notebookOf, noteLine, PROMPT_BYTES } from './notes.ts';

/** The nth note of a notebook: each sprint has one. */
const nth = (n: number, over: Partial<Note> = {}): Note =>
  exampleNote({
    id: `n${n}-1`,
    sprint: `s${n}`,
    at: new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString(),
    ...over,
  });
const idsOf = (notes: readonly Note[]) => notebookOf([], notes).map(({ note }) => note.id);

/** Notes of different sprints, each of which cites some before it. */
const someNotes = fc
  .array(
    fc.record({
      kind: fc.constantFrom('finding' as const, 'dead-end' as const, 'question' as const),
      text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: MOST_CHARS }),
      cited: fc.array(fc.nat(), { maxLength: 8 }),
    }),
    { maxLength: 40 },
  )
  .map((drafts) =>
    drafts.map(({ kind, text, cited }, at) => {
      const cites = at === 0 ? [] : [...new Set(cited.map((n) => `n${1 + (n % at)}-1`))];
      return nth(at + 1, { kind, text: text.replace(/\s+/g, ' '), cites });
    }),
  );

describe('the order of the notebook', () => {
  it('is newest first where nothing is cited', () => {
    expect(idsOf([nth(1), nth(3), nth(2)])).toEqual(['n3-1', 'n2-1', 'n1-1']);
  });

  it('counts a citation by another sprint as five newer notes, and one of its own sprint as none', () => {
    const notes = Array.from({ length: 8 }, (_, n) => nth(n + 1));
    const citing = (over: Partial<Note>) => idsOf([...notes, nth(9, { cites: ['n3-1'], ...over })]);
    expect(citing({})).toEqual(['n9-1', 'n8-1', 'n3-1', 'n7-1', 'n6-1', 'n5-1', 'n4-1', 'n2-1', 'n1-1']);
    expect(citing({ sprint: 's3' }).indexOf('n3-1')).toBe(6);
  });

  it('puts a question last once a finding or a dead end cites it; another question leaves it open', () => {
    const asked = [nth(1), nth(2, { kind: 'question' })];
    expect(idsOf([...asked, nth(3, { cites: ['n2-1'] })])).toEqual(['n3-1', 'n1-1', 'n2-1']);
    const again = notebookOf([], [...asked, nth(3, { kind: 'question', cites: ['n2-1'] })]);
    expect(again.map(({ answer }) => answer)).toEqual([null, null, null]);
    const [, , answered] = notebookOf([], [...asked, nth(3, { cites: ['n2-1'] })]);
    expect(noteLine(answered!)).toContain('question, answered by n3-1 · sprint 2 (open) · cited by 1 sprint');
  });

  it('for any notes: has each once, and a citation never moves a note back', () => {
    fc.assert(
      fc.property(someNotes, fc.nat(), (notes, n) => {
        const ids = idsOf(notes);
        expect([...ids].sort()).toEqual(notes.map(({ id }) => id).sort());
        const cited = notes.filter(({ kind }) => kind !== 'question')[n % Math.max(1, notes.length)];
        if (!cited) return;
        const next = nth(notes.length + 1);
        const place = (cites: string[]) => idsOf([...notes, { ...next, cites }]).indexOf(cited.id);
        expect(place([cited.id])).toBeLessThanOrEqual(place([]));
      }),
    );
  });
});

describe('the notebook in a prompt', () => {
  it('for any notes and any bound: keeps it, a line a note in the order of the notebook, and counts the rest', () => {
    fc.assert(
      fc.property(someNotes, fc.integer({ min: 400, max: PROMPT_BYTES }), (notes, bytes) => {
        const entries = notebookOf([], notes);
        const text = notebookInWords(entries, bytes);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytes);
        const lines = text.split('\n').filter((line) => line.startsWith('- n'));
        expect(lines).toEqual(entries.slice(0, lines.length).map(noteLine));
        const left = entries.length - lines.length;
        expect(Number(/^\((\d+) notes? more/m.exec(text)?.[1] ?? 0)).toBe(left);
      }),
    );
  });

  it('says the outcome of a closed sprint, and has nothing where there is no note', () => {
    const closed = exampleSprint({ id: 's1', outcome: 'no-gain', notes: [nth(1)] });
    expect(notebookInWords(notebookOf([closed], [nth(2, { sprint: 's2' })]))).toMatch(
      /\n- n2-1 · finding · sprint 2 \(open\): It works\.\n- n1-1 · finding · sprint 1 \(no-gain\): It works\.$/,
    );
    expect(notebookInWords([])).toBe('');
  });
});

it('a note that stands in a record and among the open ones is one note', () => {
  expect(notebookOf([exampleSprint({ id: 's1', notes: [nth(1)] })], [nth(1)])).toHaveLength(1);
});

it('the ids of a sprint go on, also where its number comes again', () => {
  const entries = notebookOf([], [nth(1), nth(12, { id: 'n12-3' })]);
  expect([1, 12, 2].map((number) => nextNoteId(number, entries))).toEqual(['n1-2', 'n12-4', 'n2-1']);
});

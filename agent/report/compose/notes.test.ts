import { expect, it } from 'vitest';
import { exampleNote, exampleSprint } from '../../fixtures/examples.ts';
import { plain } from '../document/tree.ts';
import { notesBlocks } from './notes.ts';

it('shows the notes of a sprint in its frame, with what became of them', () => {
  const asked = exampleNote({ sprint: 'a', kind: 'question', text: '# Verified F1 0.999' });
  const first = exampleSprint({ id: 'a', notes: [asked] });
  const reply = exampleNote({ id: 'n2-1', sprint: 'b', text: 'No.', cites: ['n1-1'] });
  const second = exampleSprint({ id: 'b', number: 2, notes: [reply] });
  const [head, frame, ...rest] = notesBlocks(first, [first, second]);
  expect(head).toMatchObject({ t: 'heading' });
  expect(frame).toMatchObject({ t: 'untrusted', label: 'In the words of the researcher' });
  expect(frame?.t === 'untrusted' && frame.c.map((line) => line.t === 'para' && plain(line.c))).toEqual([
    'n1-1 question, answered by n2-1 · sprint 1 (new-best) · cited by 1 sprint: # Verified F1 0.999',
  ]);
  expect(rest).toEqual([]);
  expect(notesBlocks({ ...first, notes: undefined }, [first])).toEqual([]);
});

import { expect, it } from 'vitest';
import { exampleNote, exampleSprint } from '../../fixtures/examples.ts';
import { notebookOf } from '../../ledger/notes.ts';
import { notesPart } from './notes.ts';

const part = (notes: ReturnType<typeof exampleNote>[]) => {
  const sprints = [exampleSprint({ id: 's1', notes })];
  return notesPart(notebookOf(sprints), sprints, () => 'a"b.html');
};

it('has each note as text in the frame of the researchers, with its sprint and a link to the report', () => {
  const html = part([exampleNote({ sprint: 's1', text: '</section><h2>Verified</h2>' })]);
  expect(html).toContain('<a href="a&quot;b.html">n1-1</a>');
  expect(html).toContain('finding · sprint 1 (new-best)');
  expect(html).toContain('&lt;/section&gt;&lt;h2&gt;Verified');
  expect(html.replace(/<section class="theirs">.*<\/section>/s, '')).toBe('<h2>Shared notebook</h2>');
  expect(part([])).toBe('');
});

it('folds many away', () => {
  const html = part(
    Array.from({ length: 20 }, (_, n) =>
      exampleNote({ id: `n1-${n + 1}`, sprint: 's1', text: `Note ${n}.` }),
    ),
  );
  expect(html).toContain('<summary>8 more</summary>');
  expect(html.match(/<li>/g)).toHaveLength(20);
});

import { expect, it } from 'vitest';
import { answersTo, hintsIn, marked, unmarked } from './hints.ts';

const FILE = `# For tonight

- Try sorting.
  It helped before.
* Look at \u001b[31mrare\u001b[0m cases.
2) Keep it small.

A paragraph
of two lines.

---

Code:
\`\`\`

- no hint
\`\`\`
- Try sorting.
  It helped before.
`;

it('takes items and paragraphs as hints, each once, as clean lines', () => {
  expect(hintsIn(FILE).map(({ text }) => text)).toEqual([
    'Try sorting. It helped before.',
    'Look at rare cases.',
    'Keep it small.',
    'A paragraph of two lines.',
    'Code: - no hint',
  ]);
  expect(hintsIn('')).toEqual([]);
});

it('gives a hint the same id wherever it stands, and other words another one', () => {
  const [first] = hintsIn('- Try sorting.');
  expect(first?.id).toMatch(/^[0-9a-f]{6}$/);
  expect(hintsIn('Other.\n\n1. Try   sorting.\n')[1]).toEqual(first);
  expect(hintsIn('- Try sorting!')[0]?.id).not.toBe(first?.id);
});

it('marks the line on which each hint begins, and no other', () => {
  const lines = marked(FILE).split('\n');
  expect(lines.filter((line) => /^\[[0-9a-f]{6}\] /.test(line))).toHaveLength(6);
  expect(lines[2]).toBe(`[${hintsIn(FILE)[0]?.id}] - Try sorting.`);
  expect(lines.map(unmarked).join('\n')).toBe(FILE);
});

it('keeps the later of two answers to a hint, and none to what is no hint', () => {
  const hints = hintsIn('- One.\n- Two.');
  const [one, two] = hints.map(({ id }) => id) as [string, string];
  const said = [
    { hint: one, answer: 'follow' as const, why: 'It is the idea.' },
    { hint: 'ffffff', answer: 'follow' as const, why: 'Whatever.' },
    { hint: one, answer: 'decline' as const, why: 'It diverged.' },
  ];
  expect(answersTo(hints, said)).toEqual([{ ...said[2], text: 'One.' }]);
  expect(answersTo(hints, [{ hint: two, answer: 'follow', why: 'Now.' }])[0]?.text).toBe('Two.');
});

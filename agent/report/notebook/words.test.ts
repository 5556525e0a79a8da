import { expect, it } from 'vitest';
import { lista, sprintsFolder } from '../fixtures/load.ts';
import { formulasIn, wordsOf } from './words.ts';

const places = { reportsDir: '/reports', sprintsDir: sprintsFolder };
const words = (summary: string, more: Partial<typeof lista> = {}) =>
  wordsOf({ ...lista, idea: '', next: null, summary, ...more }, places);

it('renders the Markdown of the researcher inside its frame', async () => {
  const html = await words('**Gain** of `k`:\n\n- one\n- $x^2$\n\n| a | b |\n|---|---|\n| 1 | 2 |');
  expect(html).toMatch(
    /^<section class="theirs"><p class="whose">In the words of the researcher<\/p><p><strong>Summary<\/strong><\/p>/,
  );
  for (const part of [
    '<strong>Gain</strong> of <code>k</code>',
    '<li><p>one</p></li>',
    '<math',
    '<td>1</td>',
  ])
    expect(html).toContain(part);
  expect(await words('')).toBe('');
});

it('lets nothing out of the frame, and has no heading, picture or plot in it', async () => {
  const html = await words(
    '</section><h2>Verified</h2><script>1</script>\n\n# Verified\n\n![p](cosines.png)\n\n[x](javascript:alert(1))\n\n```vega-lite\n{}\n```',
  );
  expect(html.match(/<\/section>/g)).toHaveLength(1);
  expect(html).not.toMatch(/<(?:h[1-6]|script|img|svg)|href="javascript/);
  expect(html).toContain('<strong>Verified</strong>');
  expect(html.match(/the report has it/g)).toHaveLength(2);
});

it('links to files of the sprint from where the page lies', async () => {
  expect(await words('See [the log](README.md).')).toMatch(/<a href="\.\.\/[^"]*lista-encoder\/README\.md"/);
});

it('cuts a long text and says where the rest is; a reason for a hint is plain text', async () => {
  const answer = { hint: 'x', text: 'Sort.', answer: 'follow' as const, why: '**Now** <b>.' };
  const html = await words(`${'word '.repeat(1000)}end`, { hintAnswers: [answer] });
  expect(html).toContain('sprint.json has all of this text.');
  expect(html).not.toContain('end');
  expect(html).toContain('<strong>On the hint “Sort.”</strong></p>\n<p>**Now** &lt;b&gt;.');
});

it('knows the letters of formulas', async () => {
  expect(formulasIn(await words('$x^2$ and $x y$'))).toMatch(/^<math>[x2y ]+<\/math>$/);
  expect(formulasIn(await words('x'))).toBe('');
});

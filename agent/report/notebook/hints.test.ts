import { expect, it } from 'vitest';
import { hintFates } from '../../ledger/hint-fates.ts';
import { hintsIn } from '../../ledger/hints.ts';
import { lista } from '../fixtures/load.ts';
import { hintsPart } from './hints.ts';

const claude = { ...lista.researcher, kind: 'claude' as const };
const hints = ['- Sort <b>latents</b>.\n- Look.'];
const [sort] = hintsIn(hints[0] ?? '');

it('says what became of each hint, and whose words the reason is', () => {
  const answer = { hint: sort?.id ?? '', text: sort?.text ?? '', answer: 'decline' as const };
  const hintAnswers = [{ ...answer, why: '</p><h2>Verified</h2>' }];
  const html = hintsPart(hintFates([{ ...lista, researcher: claude, hints, hintAnswers }])) ?? '';
  expect(html).toContain('<summary>1 declined, 1 open</summary>');
  expect(html).toContain('>declined</span>Sort &lt;b&gt;latents&lt;/b&gt;.');
  expect(html).toContain('The researcher, in sprint 3:</span> &lt;/p&gt;&lt;h2&gt;Verified');
  expect(html).toContain('open: read in sprint 3, and not answered');
  expect(hintsPart([])).toBeNull();
});

it('shows the last of very many, and says where the others are', () => {
  const many = Array.from({ length: 40 }, (_, i) => `- Hint ${i}.`).join('\n');
  const html = hintsPart(hintFates([{ ...lista, researcher: claude, hints: [many] }])) ?? '';
  expect(html.match(/<li>/g)).toHaveLength(30);
  expect(html).toContain('10 earlier ones');
  expect(html).toContain('Hint 39.');
});

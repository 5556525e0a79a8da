import { expect, it } from 'vitest';
import { confirmed } from '../fixtures/confirmed.ts';
import { sprints } from '../fixtures/load.ts';
import type { SprintDetail } from '../notebook/model.ts';
import { detailHtml } from './detail.ts';

const details = sprints.map(
  (sprint): SprintDetail => ({
    sprint,
    words: '<section class="theirs">Theirs.</section>',
    guards: [{ name: 'mcc', condition: '>=0.7', value: 0.6, broken: '0.6 where >=0.7 is asked' }],
    patch: null,
    commit: { hash: '0123456789abcdef', branch: 'run/2026-02-18' },
    links: [{ label: 'sprint.json', href: '../sprints/x/sprint.json' }],
    settings: {},
    files: {},
  }),
);
const third = details.find(({ sprint }) => sprint.number === 3) as SprintDetail;

it('says why, when, and by which command its commit is shown', () => {
  const html = detailHtml(third);
  expect(html).toContain('F1 0.872 beats 0.834 by 0.038');
  expect(html).toContain('2026-02-18 21:40 UTC to 2026-02-18 21:59 UTC');
  expect(html).toContain('<code>git show 0123456789ab</code> on <code>run/2026-02-18</code>');
  expect(html).toContain('<code>git diff 41ab6f0e2c9d 9f3c1d2e77b0</code>');
  expect(html).toMatch(/broken<\/span>MCC 0\.600 <span class="quiet">asked: &gt;=0\.7/);
  expect(html).toContain('<a href="../sprints/x/sprint.json">sprint.json</a>');
  expect(html).toContain('diverged: loss is NaN at step 921');
});

it('says what secret worlds gave', () => {
  expect(detailHtml(third)).not.toContain('Confirmed');
  const html = detailHtml({ ...third, sprint: confirmed(third.sprint) });
  expect(html).toContain(
    '<dt>Confirmed</dt><dd>confirmed: the gain is beyond the bound. The candidate gave 0.860 ± 0.008 on 3 secret worlds, the best 0.830 ± 0.009 on 3 secret worlds.</dd>',
  );
});

it('says which hints a sprint followed', () => {
  expect(detailHtml(third)).not.toContain('<dt>Hints');
  const hints = ['- Sort.'];
  const read = detailHtml({ ...third, sprint: { ...third.sprint, hints } });
  expect(read).toContain('<dt>Hints</dt><dd>read, and none answered');
  const answer = { hint: '3fa2c1', text: 'Sort <b>.', answer: 'follow' as const, why: 'It <i>is.' };
  const html = detailHtml({ ...third, sprint: { ...third.sprint, hints, hintAnswers: [answer] } });
  expect(html).toContain('<dt>Hints</dt><dd>follows “Sort &lt;b&gt;.”');
  expect(html).not.toContain('It &lt;i');
});

it('ends with the words of the researcher, and has none before their frame', () => {
  const sprint = { ...third.sprint, summary: 'A summary of theirs.' };
  const html = detailHtml({ ...third, sprint });
  expect(html).toMatch(/<\/dl><section class="theirs">Theirs\.<\/section>$/);
  expect(html).not.toContain('A summary of theirs.');
});

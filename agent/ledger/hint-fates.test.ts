import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { exampleSprint } from '../fixtures/examples.ts';
import { fateInWords, hintFates, statesInWords } from './hint-fates.ts';
import { hintsIn } from './hints.ts';

const claude: Sprint['researcher'] = { kind: 'claude', model: 'm', label: 'Claude (m)' };
const idOf = (text: string) => hintsIn(text)[0]?.id ?? '';
const sprint = (number: number, over: Partial<Sprint>) =>
  exampleSprint({ number, id: `s${number}`, researcher: claude, outcome: 'no-gain', ...over });
const answer = (text: string, answer: 'follow' | 'decline') => ({
  ...{ hint: idOf(text), text, answer, why: `Because of ${text}` },
});

it('says of each hint which sprints read it, which answered, and how those ended', () => {
  const text = '- Sort.\n- Be brave.\n- Look.';
  const fates = hintFates(
    [
      sprint(1, { hints: [text] }),
      sprint(2, {
        hints: [text, 'Late.'],
        hintAnswers: [answer('Sort.', 'follow'), answer('Be brave.', 'decline')],
      }),
      sprint(3, { hints: [text], hintAnswers: [answer('Sort.', 'follow')], outcome: 'new-best' }),
    ],
    `${text}\n- New.`,
  );
  expect(fates.map(({ text, state }) => [text, state])).toEqual([
    ['Sort.', 'followed'],
    ['Be brave.', 'declined'],
    ['Look.', 'open'],
    ['Late.', 'open'],
    ['New.', 'unread'],
  ]);
  expect(fates.map(fateInWords)).toEqual([
    'followed in sprint 2 (no-gain), followed in sprint 3 (new-best)',
    'declined in sprint 2',
    'open: read in sprints 1 to 3, and not answered',
    'open: read in sprint 2, and not answered',
    'not read yet',
  ]);
  expect(statesInWords(fates)).toBe('1 followed, 1 declined, 2 open, 1 not read yet');
  expect(fates[0]?.answers.map(({ id, why }) => [id, why])).toEqual([
    ['s2', 'Because of Sort.'],
    ['s3', 'Because of Sort.'],
  ]);
});

it('says of hints that only the replay has read that it follows none', () => {
  const replay = exampleSprint({ hints: ['- Sort.'] });
  const [fate] = hintFates([replay]);
  expect(fate && fateInWords(fate)).toBe(
    'read in sprint 1 by the offline replay, which walks a fixed path and follows no hint',
  );
  // Claude has read it since then, and has not answered.
  expect(hintFates([replay, sprint(2, { hints: ['- Sort.'] })])[0]?.state).toBe('open');
});

it('takes a hint that words were added to for the same hint, and two of one file for two', () => {
  const first = sprint(1, { hints: ['Sort.'], hintAnswers: [answer('Sort.', 'decline')] });
  const [fate, ...others] = hintFates([first, sprint(2, { hints: ['Sort.\nBy firing rate.'] })]);
  expect(others).toEqual([]);
  expect(fate).toMatchObject({ text: 'Sort. By firing rate.', read: [1, 2], state: 'declined' });
  expect(hintFates([sprint(1, { hints: ['- Sort.\n- Sort. By rate.'] })])).toHaveLength(2);
});

it('reads records without answers', () => {
  expect(hintFates([sprint(1, {}), sprint(2, { hints: ['Look.'] })]).map(({ state }) => state)).toEqual([
    'open',
  ]);
});

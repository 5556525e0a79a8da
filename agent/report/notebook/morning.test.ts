import { expect, it } from 'vitest';
import type { Checked } from '#contract/confirmed';
import type { Sprint } from '#contract/sprint';
import { checkedAgain } from '../fixtures/checked.ts';
import { confirmed } from '../fixtures/confirmed.ts';
import { lista, sprints, task } from '../fixtures/load.ts';
import { morning, type Now } from './morning.ts';
import { indexOf } from './rows.ts';

const now: Now = {
  ...{ task, running: false, stopped: null, branchOf: () => null, began: [], hints: null },
  reportOf: () => null,
};
/** The board with the third sprint changed, and what its first screen says. */
const boardWith = (third: Sprint) => sprints.map((sprint) => (sprint.id === third.id ? third : sprint));
const sure = (third: Sprint) =>
  /<dt>How sure<\/dt><dd>(.*?)<\/dd>/s.exec(morning(boardWith(third), now))?.[1] ?? '';
const remarks = (third: Sprint) =>
  indexOf(boardWith(third), task, () => ({ commit: null, links: [] })).sprints.map((row) => row.remarks);

it('says how sure the last best is by what the end of the night gave', () => {
  expect(sure(checkedAgain(lista, true))).toContain('Measured again at the end of the night, it holds');
  const open = sure(confirmed(lista));
  expect(open).toContain('It was not measured again at the end of a night.');
  expect(open).not.toContain('it holds');
  expect(sure(lista)).not.toContain('measured again');
  // The best before one that was taken back was confirmed on no secret world here.
  expect(sure(checkedAgain(lista, false))).not.toContain('measured again');
});

it('says what the best gave when it was trained again, with no sign', () => {
  const third = checkedAgain(lista, true);
  const gave = (loss: number) =>
    sure({ ...third, checked: { ...(third.checked as Checked), again: { n: 2, loss, less: 0 } } });
  expect(gave(0.02)).toContain('on the same worlds and seeds, it lost 0.020 in the mean of 2.');
  expect(gave(-0.02)).toContain('on the same worlds and seeds, it gained 0.020 in the mean of 2.');
  expect(gave(0.0001)).toContain('on the same worlds and seeds, it lost less than 0.001 in the mean of 2.');
});

it('marks in the list the best that was not measured again, and no sprint before it', () => {
  expect(remarks(confirmed(lista))).toEqual([[], [], ['not measured again'], []]);
  expect(remarks(checkedAgain(lista, true)).flat()).toEqual([]);
  const first = confirmed(lista);
  const later: Sprint = { ...first, id: 'later', number: 9 };
  const rows = indexOf([...boardWith(first), later], task, () => ({ commit: null, links: [] })).sprints;
  expect(rows.filter((row) => row.remarks.length > 0).map(({ id }) => id)).toEqual(['later']);
});

it('says what the judge remarked on the last best, in words that stay words', () => {
  const verdict = lista.verdict && { ...lista.verdict, remarks: ['fits <b>elsewhere'] };
  expect(sure({ ...lista, verdict })).toContain('Fits &lt;b&gt;elsewhere.');
  expect(remarks({ ...lista, verdict })).toEqual([[], [], ['fits <b>elsewhere'], []]);
  expect(remarks({ ...lista, verdict, outcome: 'no-gain' }).flat()).toEqual([]);
});

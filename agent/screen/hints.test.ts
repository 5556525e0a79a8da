import { expect, it } from 'vitest';
import { exampleSprint } from '../fixtures/examples.ts';
import { folded, loopStarted } from '../fixtures/journal.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { hintsIn } from '../ledger/hints.ts';
import { OFFLINE } from '../researcher/connection.ts';
import { hintList, hintsLine, hintsNow } from './hints.ts';

const TEXT = '- Sort.\n- Look.';
const [sort, look] = hintsIn(TEXT).map(({ id }) => id) as [string, string];
const repo = emptyFolder();
const why = 'It\u001b[2J is the idea.';
const hintAnswers = [{ hint: sort, text: 'Sort.', answer: 'follow' as const, why }];
const opened = { type: 'sprint.opened' as const, number: 2, treeBefore: '', hints: TEXT };
const claimed = {
  type: 'sprint.claimed' as const,
  sprint: 's2',
  number: 2,
  title: 'T',
  idea: '',
  predicted: {},
};

it('lists each hint with what became of it, the words of the researcher in quotes', () => {
  const state = folded(loopStarted(), opened, { ...claimed, hintAnswers });
  const fates = hintsNow(repo, [], state);
  expect(hintsLine(fates)).toEqual(['1 followed, 1 open: npm run hint -- --list']);
  expect(hintList(fates)).toEqual([
    '2 hints: 1 followed, 1 open',
    '',
    `${sort}  Sort.`,
    '        followed in sprint 2 (under way)',
    '        sprint 2, T; the researcher: "It is the idea."',
    '',
    `${look}  Look.`,
    '        open: read in sprint 2, and not answered',
  ]);
  expect(hintsLine([])).toEqual([]);
  expect(hintList([])).toHaveLength(1);
});

it('knows the replay by its label, in the open sprint and in closed ones', () => {
  const state = folded(loopStarted({ researcher: OFFLINE }), opened);
  const closed = exampleSprint({ hints: [TEXT] });
  for (const fates of [hintsNow(repo, [], state), hintsNow(repo, [closed], folded(loopStarted()))])
    expect(fates.map(({ state }) => state)).toEqual(['replay', 'replay']);
});

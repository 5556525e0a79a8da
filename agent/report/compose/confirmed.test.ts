import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { type Block, plain } from '../document/tree.ts';
import { checkedAgain } from '../fixtures/checked.ts';
import { confirmed } from '../fixtures/confirmed.ts';
import { contextOf } from '../fixtures/context.ts';
import { lista } from '../fixtures/load.ts';
import { checkedBlock, confirmedTable, gainWords } from './confirmed.ts';
import { endingOf } from './outcome.ts';

const said = (block: Block | null) => (block?.t === 'para' ? plain(block.c) : block);
const gainOf = (sprint: Sprint) => sprint.confirmed && gainWords(sprint.confirmed, sprint);

it('says of a best what the end of its night gave, and of one that nobody measured again just that', () => {
  const holds = checkedAgain(lista, true);
  expect(said(checkedBlock(holds))).toBe(
    'Measured again. At the end of the night the candidate was trained again on secret worlds. It holds: on 4 secret worlds f1 0.86 in the mean. The confirmed numbers are those of all these runs together.',
  );
  expect(endingOf(contextOf(holds)).words).toBe('new best, confirmed');
  const back = checkedAgain(lista, false);
  expect(said(checkedBlock(back))).toContain(
    'It does not hold: it is not beyond the bound any more. The best before it is the best again. Its change is taken out of the workspace.',
  );
  expect(endingOf(contextOf(back))).toEqual({
    ...{ words: 'held: did not hold when it was measured again', tone: 'warn' },
  });
  expect(said(checkedBlock(confirmed(lista)))).toContain('This best was not measured again so far');
  expect(checkedBlock({ ...confirmed(lista), outcome: 'no-gain' })).toBeNull();
  expect(checkedBlock(lista)).toBeNull();
});

it('calls a gain from which losses are taken off by that name, beside the difference of the means', () => {
  const equal = '+0.030 ± 0.004 to the best on 3 secret worlds, 0.010 needed';
  expect(gainOf(confirmed(lista))).toBe(equal);
  expect(gainOf(checkedAgain(lista, false))).toBe(
    '+0.010 ± 0.004 to the best on 4 secret worlds after losses (difference of the means +0.030), 0.012 needed',
  );
  // Less is better: the means are the other way round, and it is the same gain.
  const lower: Sprint = { ...confirmed(lista), goal: 'min' };
  const swapped = lower.confirmed?.best && {
    ...lower.confirmed,
    candidate: { ...lower.confirmed.candidate, mean: lower.confirmed.best.mean },
    best: { ...lower.confirmed.best, mean: lower.confirmed.candidate.mean },
  };
  expect(swapped && gainWords(swapped, lower)).toBe(equal);
  const table = confirmedTable(contextOf(checkedAgain(lista, false)));
  if (table?.t !== 'table') throw new Error('there is no table');
  expect(table.head.map(plain)).toEqual(['Secret world', 'F1 of the candidate', 'of the best', 'Difference']);
  expect(table.rows.map(({ cells }) => cells.map(plain).at(-1))).toEqual(['+0.030']);
});

it('says what the best gave where it was trained again, with no sign', () => {
  const of = confirmed(lista);
  const caption = (loss: number) => {
    const again = { n: 2, loss, less: 0 };
    const table = confirmedTable(contextOf({ ...of, confirmed: of.confirmed && { ...of.confirmed, again } }));
    return table?.t === 'table' && table.caption ? JSON.stringify(table.caption) : '';
  };
  expect(caption(0.02)).toContain('the best lost 0.020 in the mean.');
  expect(caption(-0.02)).toContain('the best gained 0.020 in the mean.');
  expect(caption(-0.0001)).toContain('the best gained less than 0.001 in the mean.');
});

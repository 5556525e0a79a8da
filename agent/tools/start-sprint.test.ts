import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { handJournal, loopStarted } from '../fixtures/journal.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { claimsOfOthers } from '../journal/state.ts';
import { Ledger } from '../ledger/ledger.ts';
import { OpenSprint } from '../open-sprint/open-sprint.ts';
import { startSprint } from './start-sprint.ts';

const said = (title: string, idea: string, slug = title.toLowerCase().replaceAll(' ', '-')) => ({
  ...{ slug, title, idea, motivation: 'm', expectation: 'e', predicted: {} },
});
const SORTED = said(
  'Sort prefixes by firing frequency',
  'Sort the latents of the prefixes by how often they fire.',
);
/** Ways to say it again, and the slug alone. */
const AGAIN = [
  said('Frequency-sorted prefixes', 'Order latents inside the prefixes by their firing frequency.', 'a'),
  said('Prefixes sorted by frequency', 'Sort the latents of prefixes by how frequently they fire.', 'b'),
  said(
    'Firing frequency sorts prefixes',
    'The latents of the prefixes are sorted by how often they fire.',
    'c',
  ),
  said('Sorting prefixes by firing frequency', 'Sort latents of the prefixes.', 'd'),
  said('Another name', 'Other words for it altogether.', SORTED.slug),
];

/** A loop of several researchers: the open sprint of each, on one event log. */
function sprintsOf(researchers: number) {
  const { journal } = handJournal(loopStarted());
  const repo = emptyFolder();
  const sprints = Array.from({ length: researchers }, (_, i) => {
    const own = journal.by(`researcher-${i + 1}`);
    own.emit({ type: 'sprint.opened', number: i + 1, treeBefore: 't' });
    const config = { repo, leaderboard: 'x', profileName: 'tiny', task: { contract: { workspace: 'work' } } };
    const parts = { config, journal: own, ledger: new Ledger('nowhere'), connection: { label: 'x' } };
    return new OpenSprint(parts as never, i + 1, 't', null as never);
  });
  return { journal, repo, sprints };
}

it('points an idea out that another researcher tests, once and before the sprint is claimed', () => {
  const { journal, repo, sprints } = sprintsOf(2);
  const [first, second] = sprints as [OpenSprint, OpenSprint];
  startSprint(first, SORTED);
  for (const again of AGAIN) {
    const fresh = new OpenSprint(second.loop, 2, 't', null as never);
    expect(() => startSprint(fresh, again)).toThrow(
      /^another researcher tests a similar idea at present: sprint 1 of researcher-1, "Sort prefixes/,
    );
  }
  expect(readdirSync(join(repo, 'sprints'))).toHaveLength(1);
  expect(journal.by('researcher-2').sprint?.claim).toBeNull();
  const [again] = AGAIN as [typeof SORTED];
  expect(() => startSprint(second, again)).toThrow('call start_sprint again');
  expect(startSprint(second, again).words).toContain('Sprint 2 is open');
  expect(claimsOfOthers(journal.state(), 'researcher-1').map(({ number }) => number)).toEqual([2]);
});

it('finds them among calls of the same instant, and lets other ideas pass', async () => {
  const { journal, repo, sprints } = sprintsOf(9);
  const ideas = [SORTED, ...AGAIN, ...AGAIN].slice(0, 8);
  const asked = [...ideas, said('Anneal k', 'Lower k from 60 to 25 over training.')];
  const answers = await Promise.allSettled(
    sprints.map(async (sprint, i) => startSprint(sprint, asked[i] as typeof SORTED)),
  );
  const passed = answers.map(({ status }) => status === 'fulfilled');
  expect(passed).toEqual([true, ...Array(7).fill(false), true]);
  expect(readdirSync(join(repo, 'sprints'))).toHaveLength(2);
  expect(Object.values(journal.state().sprints).filter(({ claim }) => claim)).toHaveLength(2);
  expect(existsSync(join(repo, 'checkpoints'))).toBe(false);
});

it('says nothing of the sprint of a researcher itself, nor of one that is closed', () => {
  const { journal, sprints } = sprintsOf(2);
  const [first, second] = sprints as [OpenSprint, OpenSprint];
  startSprint(first, SORTED);
  expect(() => startSprint(first, SORTED)).toThrow('already started');
  journal.emit({
    ...{ type: 'sprint.closed', sprint: 'x', number: 1, outcome: 'no-gain', reason: '', metrics: {} },
    ...{ usd: 0, seconds: 0 },
  });
  expect(startSprint(second, SORTED).words).toContain('is open');
});

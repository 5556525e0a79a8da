import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { inRun, runDir, sprintsDir } from '../common/paths.ts';
import { exampleTask } from '../fixtures/examples.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { finish, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { ledgerTable } from '../ledger/tables.ts';

it('a run that starts with the weights of another is shown as such, and makes no best', async () => {
  const repo = tinyRepository([
    sprintTo('first', 0.6),
    [
      start('second'),
      train('plain', { from: 'nowhere' }),
      write(0.9),
      train('steady'),
      wait,
      train('plain', { from: '$RUN' }),
      wait,
      finish(),
    ],
  ]);
  const { events } = await loopIn(repo);
  const refused = events.flatMap((e) => (e.type === 'tool.finished' && !e.ok ? [e.reason] : []));
  expect(refused).toEqual([expect.stringContaining('no finished run "nowhere"')]);
  // The judge says which of its numbers nobody observes.
  expect(events[0]).toMatchObject({ type: 'loop.started', declared: ['learning_rate'] });
  const sprints = readSprints(sprintsDir(repo));
  const [earlier, later] = sprints[1]?.runs ?? [];
  expect(earlier?.from).toBeUndefined();
  expect(later?.from).toBe(earlier?.id);
  expect(sprints[1]).toMatchObject({ outcome: 'no-gain', candidate: later?.id, change: { kept: false } });
  expect(sprints[1]?.reason).toMatch(/^it started with the weights of .* cannot become the best; f1 /);
  // The trainer was given them, and the record says so.
  const record = JSON.parse(readFileSync(inRun(runDir(repo, later?.id ?? '')).record, 'utf8'));
  expect(record.from).toBe(earlier?.id);
  expect(ledgerTable(sprints, exampleTask().contract)).toContain(
    `(from the weights of ${earlier?.id}; declared, not observed)`,
  );
  const trailer = git(worktreeOf(repo), 'log', '-1', '--format=%(trailers:key=Started-From,valueonly)');
  expect(trailer.trim()).toBe(earlier?.id);
});

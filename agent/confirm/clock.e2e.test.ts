import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { call, finish, type Step, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { readSprints } from '../ledger/ledger.ts';

/**
 * A sprint whose trainer counts its runs on secret worlds (only their seeds are so large), and does otherwise
 * from the third on, when it has become the best.
 */
function laterOtherwise(slug: string, f1: number, otherwise: string): Step[] {
  const file = join(emptyFolder(), 'count');
  const code = `let made = 0;
try { made = Number(readFileSync('${file}', 'utf8')); } catch {}
if (numbers.f1 === ${f1} && Number(option('seed')) > 1000) {
  writeFileSync('${file}', String(made + 1));
  if (made >= 2) ${otherwise};
}`;
  const edit = `sed -i '/^const numbers/r /dev/stdin' work/train.mjs <<'END'\n${code}\nEND`;
  return [start(slug), write(f1), call('bash', { command: edit }), train(), wait, finish()];
}

async function night(otherwise: string): Promise<Sprint[]> {
  const sprints = [
    sprintTo('base', 0.6),
    laterOtherwise('clock', 0.7, otherwise),
    sprintTo('equal', 0.701),
    sprintTo('better', 0.8),
  ];
  const repo = withSecretWorlds(tinyRepository(sprints), '{ f1, mcc }', '{ share: 1, looks: [2, 8] }');
  await loopIn(repo);
  return readSprints(sprintsDir(repo));
}

it('holds an equal candidate where the best trains worse than it did, and confirms a better one', async () => {
  const [, clock, equal, better] = await night('numbers.f1 -= 0.05');
  expect(clock?.outcome).toBe('new-best');
  expect(equal).toMatchObject({
    outcome: 'held',
    reason: expect.stringMatching(
      /it is held, since the best trains worse than it did: .* it lost 0\.05 in the mean/,
    ),
    confirmed: { result: 'held', again: { loss: 0.05, less: 0.05 }, best: { sprint: clock?.id } },
    change: { kept: false },
  });
  // What counts of its gain is what it has over the best as it was: 0.1, less two errors of the loss.
  expect(better?.outcome).toBe('new-best');
  expect(better?.confirmed?.gain?.mean).toBeGreaterThan(0.08);
  expect(better?.confirmed?.gain?.mean).toBeLessThanOrEqual(0.1);
});

it('holds an equal candidate where the best comes to no result any more', async () => {
  const [, clock, equal] = await night('process.exit(1)');
  expect([equal?.outcome, equal?.confirmed?.result]).toEqual(['held', 'held']);
  expect(equal?.reason).toContain(
    'the best came to no result (no f1) on a secret world on which the candidate',
  );
  expect(clock).toMatchObject({
    ...{ outcome: 'held', checked: { holds: false, takenBack: true } },
    reason: expect.stringContaining('it does not hold: trained again, it came to no result (failed)'),
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import type { Sprint } from '#contract/sprint';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { call, finish, type Step, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { readSprints } from '../ledger/ledger.ts';

const bash = (command: string) => call('bash', { command });
/** Only the seed of a run on a secret world is so large. */
const ASKED_TO_END = "s|^const out = .*|&\\nif (Number(option('seed')) > 1000) process.exit(143);|";

/** Each of these would be a new best, and behaves otherwise on a secret world. */
const night: Step[][] = [
  sprintTo('base', 0.6),
  // The judge ends with words of the encoder.
  sprintTo('tells', 0.7),
  // The trainer ends as if somebody had asked it to.
  [start('leaves'), write(0.71), bash(`sed -i "${ASKED_TO_END}" work/train.mjs`), train(), wait, finish()],
  // The loop puts the first of two full runs forward.
  [start('two'), write(0.69), train(), wait, write(0.72), train(), wait, 'I stop.', 'I really do.'],
  [
    start('forger'),
    bash('for f in sprints/*forger; do echo broken > $f/in-full.json; echo {} > $f/checked.json; done'),
    finish({ candidate: null }),
  ],
  // The judge fails by itself: each time, or once.
  sprintTo('faulty', 0.65),
  sprintTo('better', 0.68),
];
let sprints: Sprint[];
let events: LoggedEvent[];
let repo: string;
beforeAll(async () => {
  const once = join(emptyFolder(), 'once');
  const there =
    "f1 === 0.65 || (f1 === 0.68 && !existsSync(once) && (writeFileSync(once, ''), true)) ? process.exit(75) : f1 === 0.7 || f1 === 0.72 ? (console.error('error: the encoder failed: IT SAYS THIS'), process.exit(1)) : { f1, mcc }".replaceAll(
      'once',
      `'${once}'`,
    );
  repo = withSecretWorlds(tinyRepository(night), there, '{ share: 1, looks: [2, 3] }');
  const task = join(repo, 'TASK.md');
  writeFileSync(task, readFileSync(task, 'utf8').replace('stop: 5', 'stop: 9'));
  ({ events } = await loopIn(repo));
  sprints = readSprints(sprintsDir(repo));
});
const sprintOf = (slug: string) => sprints.find((s) => s.id.endsWith(slug)) as Sprint;

it('counts a candidate that cannot be measured there, and takes no word of it', () => {
  expect(sprintOf('-tells')).toMatchObject({
    outcome: 'invalid',
    reason: expect.stringContaining('on a secret world its training came to no result (not measurable)'),
    confirmed: { result: 'failed', nth: 1 },
  });
  expect(JSON.stringify([sprints, events])).not.toContain('IT SAYS THIS');
});

it('counts a candidate that ends itself by a signal there, once', () => {
  const { id, ...leaves } = sprintOf('-leaves');
  expect(leaves).toMatchObject({ outcome: 'invalid', confirmed: { result: 'failed', nth: 2 } });
  const made = events.filter((e) => e.type === 'confirm.measured' && e.sprint === id && e.of === 'candidate');
  expect(made).toHaveLength(1);
});

it('confirms one candidate a sprint, also where the loop chooses it', () => {
  const { id, ...two } = sprintOf('-two');
  expect(events.filter((e) => e.type === 'confirm.started' && e.sprint === id)).toHaveLength(1);
  expect(two).toMatchObject({ outcome: 'invalid', confirmed: { nth: 3 } });
});

it('blames no candidate for a fault of the judge, and makes the run once more', () => {
  const { id, ...faulty } = sprintOf('-faulty');
  expect(faulty.outcome).toBe('held');
  expect(faulty.reason).toContain('so it is held: the judge failed twice, by no fault of the candidate');
  expect(faulty.confirmed).toBeUndefined();
  expect(events.some((e) => e.type === 'confirm.measured' && e.sprint === id)).toBe(false);
});

it('takes no record of what was measured on a secret world from a researcher', () => {
  for (const name of ['in-full.json', 'checked.json'])
    expect(existsSync(join(sprintsDir(repo), sprintOf('-forger').id, name))).toBe(false);
  expect(sprintOf('-better')).toMatchObject({ outcome: 'new-best', confirmed: { nth: 4 } });
});

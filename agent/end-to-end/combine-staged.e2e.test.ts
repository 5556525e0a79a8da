import { afterAll, beforeAll, expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, twoDevices } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { type Call, call, finish, type Step, scripted, start, train, wait } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { sumRepository, write } from '../fixtures/sum.ts';
import { readSprints } from '../ledger/ledger.ts';

const again = (budget: string) => call('run_experiment', { of: '$RUN', budget });
/** Waits until two sprints are committed. */
const second = call('bash', {
  command: `until [ "$(git log --all --format=%h -- 'sprints/*/sprint.json' | wc -l)" -ge 2 ]; do sleep 0.3; done`,
});
const screened = (slug: string, ...edits: Call[]): Step[] => [
  start(slug),
  ...edits,
  train('plain', { budget: 'screen' }),
  wait,
];
/** A sprint that earns its full run: each run is compared with the best's of the same stage. */
const earned = (slug: string, edit: Call, ...last: Step[]): Step[] => [
  ...screened(slug, edit),
  // The run of the best that it is compared with.
  call('wait_for_experiment', { run: 'queued-2' }),
  again('rank'),
  wait,
  call('wait_for_experiment', { run: 'queued-4' }),
  again('full'),
  wait,
  ...last,
  finish(),
];

const script: Step[][] = [
  [...screened('base', write('number.json', '{ "f1": 0.2, "mcc": 0.6 }\n')), again('full'), wait, finish()],
  earned('first', write('a.txt', '1\n')),
  earned('second', write('b.txt', '2\n'), second),
];

let server: MessagesServer;
beforeAll(async () => {
  server = await startMessagesServer(scripted(script));
  Object.assign(process.env, { ANTHROPIC_API_KEY: 'test-key', ANTHROPIC_BASE_URL: server.url });
});
afterAll(async () => {
  await server.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

it('two gains are combined in stages, and what they give is confirmed on secret worlds', async () => {
  const repo = withSecretWorlds(sumRepository(), '{ f1, mcc }', '{ share: 1, looks: [2] }\n    staged: true');
  twoDevices(repo);
  expect((await loopIn(repo, { researcher: 'claude', maxSprints: 1 })).code).toBe(0);
  const asked = { researcher: 'claude', researchers: 2, maxSprints: 3 } as const;
  const { code, events } = await loopIn(repo, asked);
  expect(code).toBe(0);
  const sprints = readSprints(sprintsDir(repo));
  const [base, one, two, both] = sprints;
  const reasons = sprints.map(({ reason }) => reason).join('\n');
  expect(
    sprints.map(({ outcome }) => outcome),
    reasons,
  ).toEqual(Array(4).fill('new-best'));
  expect(both).toMatchObject({
    combines: { base: base?.id, left: one?.id, best: two?.id, gains: {} },
    confirmed: { result: 'confirmed', best: { sprint: two?.id }, key: two?.confirmed?.key },
    cost: { turns: 0, usd: 0 },
  });
  expect(both?.reason).toMatch(/they add up/);
  expect(both?.verdict?.metrics.f1).toBeCloseTo(0.5);
  // The best has a run of its own at each stage, from when it was a candidate.
  expect(both?.runs.map(({ samples, role }) => [samples, role])).toEqual(
    [100, 500, 1000].map((samples) => [samples, undefined]),
  );
  expect(events.filter((event) => event.type === 'turn.started' && event.sprint === both?.id)).toEqual([]);
  for (const [file, text] of [
    ['a.txt', '1'],
    ['b.txt', '2'],
  ])
    expect(git(worktreeOf(repo), 'show', `HEAD:work/${file}`)).toBe(text);
  // A try like any other.
  expect(both?.confirmed?.nth).toBeGreaterThan(two?.confirmed?.nth ?? 9);
});

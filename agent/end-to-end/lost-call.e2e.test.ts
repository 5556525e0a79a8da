import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { eventsPath, sprintsDir } from '../common/paths.ts';
import { eventOf, loopIn, startCommand, tinyRepository } from '../fixtures/loop.ts';
import { scripted, sprintTo } from '../fixtures/scripted.ts';
import { readEvents } from '../journal/events.ts';
import { readSprints } from '../ledger/ledger.ts';
import { readStatus } from '../screen/status.ts';

let server: MessagesServer | undefined;
afterEach(async () => {
  await server?.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

it('books a call in which the loop was killed at what it is likely to have cost, holds the rest of its reserve, and goes on', async () => {
  const script = scripted([sprintTo('first', 0.7)]);
  let calls = 0;
  // The third call is received and never answered.
  server = await startMessagesServer((request) =>
    ++calls === 3 ? { content: [], trouble: { afterEvents: 0, kind: 'silence' } } : script(request),
  );
  process.env.ANTHROPIC_API_KEY = 'sk-ant-test-0123456789';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const loop = startCommand(repo, 'loop', '--sandbox', 'off', '--no-web', '--max-sprints', '1');
  const started = () => readEvents(eventsPath(repo)).filter((event) => event.type === 'turn.started');
  await eventOf(repo, 'turn.started', () => started().length === 3);
  // A started call may not be sent yet; a loop killed before that would make the third call again.
  while (calls < 3) await sleep(10);
  loop.child.kill('SIGKILL');
  await loop.ended;
  const { reserve, likely } = started()[2];
  const lost = likely?.usd ?? 0;
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThan(reserve.usd);

  const { code } = await loopIn(repo, { researcher: 'claude', maxSprints: 1 });
  expect(code).toBe(0);
  const turns = readEvents(eventsPath(repo)).filter((event) => event.type === 'turn.finished');
  const paid = turns.reduce((sum, { usage }) => sum + usage.usd, 0);
  const status = readStatus(repo);
  expect(status.usd).toBeCloseTo(paid + lost, 10);
  expect(status.heldUsd).toBeCloseTo(reserve.usd - lost, 10);
  const [sprint] = readSprints(sprintsDir(repo));
  expect(sprint.outcome).toBe('new-best');
  expect(sprint.cost.usd).toBeCloseTo(paid + lost, 10);
});

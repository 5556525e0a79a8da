import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import type { MessagesRequest } from '#replay/protocol';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, type Step, scripted, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { charged } from '../researcher/fixtures/books.ts';
import { readStatus } from '../screen/status.ts';

let server: MessagesServer | undefined;
afterEach(async () => {
  await server?.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

const look = (i: number) => call('bash', { command: `echo look ${i}; seq 1 300` });
const sprint = (i: number): Step[] => [
  ...[call('read_results'), start(`short-${i}`), look(1), look(2)],
  ...[write(0.5 + i / 50), train(), wait, look(3), finish()],
];

it('one dollar is enough for a sprint with Opus 5.5: claimed, its run judged, finished, committed, without the web', async () => {
  const requests: MessagesRequest[] = [];
  let bill = 0;
  const script = scripted(Array.from({ length: 20 }, (_, i) => sprint(i)));
  server = await startMessagesServer(
    (request) => {
      requests.push(structuredClone(request));
      return { ...script(request), thinkingTokens: 400 };
    },
    { onBill: ({ request, usage }) => (bill += charged(request.model, usage)) },
  );
  process.env.ANTHROPIC_API_KEY = 'sk-ant-test-0123456789';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const path = join(repo, 'TASK.md');
  // A brief as long as that of the shipped task.
  const brief = 'Read what was tried before, and say what is different now.\n'.repeat(170);
  const task = readFileSync(path, 'utf8').replace(
    /^model: .*$/m,
    'model: { name: claude-opus-5-5, maxTokens: 32000 }',
  );
  writeFileSync(path, `${task}\n${brief}`);
  git(repo, '-c', 'user.name=Test', '-c', 'user.email=test@example.org', 'commit', '-qam', 'A longer brief');
  const { code, events } = await loopIn(repo, { researcher: 'claude', web: true, maxUsd: 1 });
  expect(code).toBe(0);
  expect(events.at(-1)).toMatchObject({ type: 'loop.stopped', code: 'money' });
  const sprints = readSprints(sprintsDir(repo));
  expect(sprints[0]).toMatchObject({ outcome: 'new-best', verdict: { metrics: { f1: 0.5 } } });
  expect(git(worktreeOf(repo), 'log', '--format=%s')).toContain('Sprint 1: Try short-0 (new-best)');
  // No sprint began that could not be paid to its end.
  expect(sprints.every(({ outcome }) => outcome === 'new-best' || outcome === 'no-gain')).toBe(true);
  const { usd, heldUsd } = readStatus(repo);
  expect(bill).toBeLessThanOrEqual(1);
  expect(usd).toBeCloseTo(bill, 6);
  expect(heldUsd).toBe(0);
  expect(usd).toBeGreaterThan(0.5);
  for (const request of requests) {
    expect(request.tools?.map(({ name }) => name)).not.toContain('web_search');
    expect(JSON.stringify(request.system)).not.toContain('web_');
  }
  process.stdout.write(`${sprints.length} sprints, ${requests.length} calls, ${usd.toFixed(3)} USD\n`);
});

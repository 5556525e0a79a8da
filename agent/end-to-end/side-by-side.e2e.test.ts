import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { tryBubblewrap } from '#host/bubblewrap';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { laneDir, pausePath, sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository, twoDevices } from '../fixtures/loop.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { call, finish, type Step, scripted, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { charged } from '../researcher/fixtures/books.ts';
import { readStatus } from '../screen/status.ts';

// Two researchers at a time: what holds for one has to hold for both.

const tried = await tryBubblewrap(emptyFolder());
const LANES = ['researcher-1', 'researcher-2'];
const ended = (repo: string) => readSprints(sprintsDir(repo));

it('a pause holds the calls and runs of both, and both go on after it', async () => {
  const reads = Array<Step>(6).fill(call('read_results'));
  const slow = (slug: string): Step[] => [start(slug), ...reads, train(), wait, finish()];
  const repo = twoDevices(tinyRepository([slow('one'), slow('two')]));
  const begun = (events: readonly LoggedEvent[]) =>
    events.filter(({ type }) => type === 'turn.started' || type === 'run.started').length;
  const counts: number[] = [];
  const seen: LoggedEvent[] = [];
  const { code, events } = await loopIn(repo, { researchers: 2, maxSprints: 2 }, () => (event) => {
    seen.push(event);
    if (event.type === 'sprint.claimed' && !existsSync(pausePath(repo)) && counts.length === 0) {
      mkdirSync(dirname(pausePath(repo)), { recursive: true });
      writeFileSync(pausePath(repo), '');
    }
    if (event.type !== 'loop.paused' || counts.length > 0) return;
    counts.push(begun(seen));
    void sleep(2000).then(() => {
      counts.push(begun(seen));
      rmSync(pausePath(repo));
    });
  });
  expect(code).toBe(0);
  const [before = 0, after = 0] = counts;
  expect(counts).toHaveLength(2);
  // A call of each that was permitted just before may still begin.
  expect(after - before).toBeLessThanOrEqual(2);
  const on = events.slice(events.findIndex(({ type }) => type === 'loop.continued'));
  expect(
    [...new Set(on.filter(({ type }) => type === 'turn.started').map((e) => e.researcherId))].sort(),
  ).toEqual(LANES);
  expect(ended(repo)).toHaveLength(2);
});

it.skipIf(!tried.ok)(
  'two conversations with Claude: each append-only, within one budget, and in a sandbox that hides the other worktree',
  async () => {
    const repo = tinyRepository();
    /** Tries to read and write the worktree of the other. */
    const sneak = (slug: string, f1: number, other: string): Step[] => [
      start(slug, f1),
      write(f1),
      call('bash', {
        command: `sleep 2; cat ${other}/work/number.json && echo READ$((40+2)); echo x > ${other}/work/sneaked && echo WROTE$((40+2)); echo x > ${other}/sneaked && echo WROTE$((40+2)); echo DONE$((40+2))`,
      }),
      call('str_replace_based_edit_tool', {
        ...{ command: 'create', path: `${other}/work/sneaked`, file_text: 'x' },
      }),
      call('str_replace_based_edit_tool', { command: 'view', path: `${other}/work/number.json` }),
      train(),
      wait,
      finish(),
    ];
    const [mine, others] = LANES.map((id) => laneDir(repo, id)) as [string, string];
    const script = scripted([sneak('one', 0.6, others), sneak('two', 0.7, mine)]);
    const conversations = new Map<string, MessagesRequest[]>();
    let bill = 0;
    const server = await startMessagesServer(
      (request) => {
        const number = /# Sprint (\d+)/.exec(JSON.stringify(request.messages[0]))?.[1] ?? 'none';
        conversations.set(number, [...(conversations.get(number) ?? []), structuredClone(request)]);
        return script(request);
      },
      { onBill: ({ request, usage }) => (bill += charged(request.model, usage)) },
    );
    Object.assign(process.env, {
      ANTHROPIC_API_KEY: 'sk-ant-test-0123456789',
      ANTHROPIC_BASE_URL: server.url,
    });
    const { code } = await loopIn(repo, {
      ...{ researcher: 'claude', researchers: 2, maxSprints: 2, maxUsd: 1, sandbox: 'auto' },
    }).finally(async () => {
      delete process.env.ANTHROPIC_API_KEY;
      delete process.env.ANTHROPIC_BASE_URL;
      await server.close();
    });
    expect(code).toBe(0);
    expect(ended(repo).map(({ sandbox }) => sandbox)).toEqual(['bubblewrap', 'bubblewrap']);
    expect(server.violations).toEqual([]);
    expect([...conversations.keys()].sort()).toEqual(['1', '2']);
    // What the cache is told differs from call to call; what was said does not.
    const said = ({ messages }: MessagesRequest) =>
      messages.map((message) => JSON.stringify(message).replaceAll(/,?"cache_control":\{[^}]*\}/g, ''));
    for (const calls of conversations.values())
      for (const [i, request] of calls.entries())
        expect(said(request).slice(0, said(calls[i - 1] ?? request).length)).toEqual(
          said(calls[i - 1] ?? request),
        );
    expect(readStatus(repo).usd).toBeCloseTo(bill, 6);
    expect(bill).toBeLessThanOrEqual(1);
    for (const name of readdirSync(join(repo, 'state/transcripts'))) {
      const text = readFileSync(join(repo, 'state/transcripts', name), 'utf8');
      expect(text).toContain('DONE42');
      expect(text).not.toMatch(/READ42|WROTE42/);
    }
    for (const folder of [mine, others])
      for (const name of ['sneaked', 'work/sneaked'])
        expect(existsSync(join(folder, name)), name).toBe(false);
  },
);

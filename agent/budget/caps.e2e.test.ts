import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import type { LoopOptions } from '../config/config.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { call, type Step, scripted, sprintTo, start, train, wait } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { CLOSING_TURNS } from './caps.ts';

let server: MessagesServer | undefined;
afterEach(async () => {
  await server?.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

async function night(script: Step[][], more: Partial<LoopOptions>, sprintLimits = '') {
  const requests: MessagesRequest[] = [];
  server = await startMessagesServer((request) => {
    requests.push(structuredClone(request));
    return scripted(script)(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const path = join(repo, 'TASK.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace('hours: 1,', `hours: 1, ${sprintLimits}`));
  const { events } = await loopIn(repo, { researcher: 'claude', ...more });
  return { events, requests, sprints: readSprints(sprintsDir(repo)) };
}

const look = call('read_results');
const talkative = [start('endless'), ...Array<Step>(40).fill(look)];

describe('the limits of one sprint', () => {
  it('are told once, leave a few turns to close it, then close it; the loop goes on', async () => {
    const { events, requests, sprints } = await night([talkative, sprintTo('second', 0.6)], {
      sprintUsd: 0.0001,
      maxSprints: 2,
    });
    expect(sprints.map((s) => [s.outcome, s.cost.turns])).toEqual([
      ['interrupted', 1 + CLOSING_TURNS],
      ['new-best', 6],
    ]);
    expect(sprints[0].reason).toBe(
      'the limit of 0.0001 USD for one sprint, and finish_sprint was not called in the 5 turns after it',
    );
    const heard = JSON.stringify(requests[CLOSING_TURNS].messages);
    expect(heard.match(/This sprint has reached the limit of 0.0001 USD/g)).toHaveLength(1);
    expect(events.filter((e) => e.type === 'sprint.capped')).toHaveLength(2);
  });

  it('do not lose a full run that is there: the loop puts the best one forward, as it does after silence', async () => {
    const count = (f1: number, more = {}) => [train('plain', { set: [`f1=${f1}`], ...more }), wait];
    const capped = [start('capped'), ...count(0.9, { budget: 'screen' }), ...count(0.7), ...count(0.6)];
    const silent = [start('silent'), ...count(0.8), 'I stop here.', 'I really do.'];
    const { sprints } = await night(
      [[...capped, ...Array<Step>(20).fill(look)], silent],
      { maxSprints: 2 },
      'sprint: { turns: 7 },',
    );
    expect(sprints.map((s) => [s.outcome, s.verdict?.metrics.f1])).toEqual([
      ['new-best', 0.7],
      ['new-best', 0.8],
    ]);
    expect(sprints[0].runs.find((run) => run.id === sprints[0].candidate)?.samples).toBe(1000);
    expect(sprints[0].reason).toMatch(
      /the loop chose the candidate, not the researcher: the limit of 7 turns for one sprint/,
    );
    expect(sprints.map((s) => s.stopReason)).toEqual([expect.stringContaining('7 turns'), 'silent']);
  });
});

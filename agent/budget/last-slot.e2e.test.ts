import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import type { Sprint } from '#contract/sprint';
import type { Reply } from '#replay/protocol';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { call, finish, type Step, scripted, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import type { Loop } from '../start/open-loop.ts';

// The trainer claims 1000 samples/s and is done at once, or in two seconds. A screen counts as 10,000 s of
// the night and a full run as 100,000 s, so that the real speed does not matter.
const screen = (experiment: string) => train(experiment, { budget: 'screen' });
const idle = call('read_results');
const script: Step[][] = [
  [
    start('first'),
    write(0.6),
    screen('plain'),
    wait,
    call('run_experiment', { of: '$RUN', budget: 'full' }),
    wait,
    finish(),
  ],
  [start('wins'), write(0.7), screen('steady'), wait, idle, idle, idle],
  [],
  [start('wins-again'), write(0.8), screen('plain'), wait, idle],
  [],
  [start('wins-once-more'), write(0.9), screen('plain'), wait, idle],
];

let server: MessagesServer;
/** What ends the sixth sprint: no credit, or a reply that costs nearly all that is left. */
describe.each(['credit', 'money'] as const)('the last full run, and the end of the %s', (end) => {
  let sprints: Sprint[];
  const nights: { code: number; events: LoggedEvent[] }[] = [];
  const asked: number[] = [];
  beforeAll(async () => {
    const play = scripted(script);
    server = await startMessagesServer((request) => {
      const number = Number(/# Sprint (\d+)/.exec(JSON.stringify(request.messages))?.[1]);
      asked.push(number);
      const turns = request.messages.filter((m) => m.role === 'assistant').length;
      // After their screens, the fourth sprint meets an overloaded API, and the sixth an account without
      // credit.
      if (turns === 4 && number === 4)
        return { status: 529, type: 'overloaded_error', message: 'Overloaded' };
      if (turns === 4 && number === 6) {
        if (end === 'credit') return { status: 402, type: 'billing_error', message: 'It is used up' };
        return { ...(play(request) as Reply), usage: { output_tokens: 9_700_000 } };
      }
      return play(request);
    });
    process.env.ANTHROPIC_API_KEY = 'test-key';
    process.env.ANTHROPIC_BASE_URL = server.url;
    const repo = tinyRepository();
    const path = join(repo, 'TASK.md');
    const task = readFileSync(path, 'utf8')
      .replace('samples: "<=1000"', 'samples: "<=100000000"')
      .replace(
        'screen: 100, rank: 500, full: 1000 }',
        'screen: 10000000, rank: 50000000, full: 100000000 }\n    staged: true',
      )
      .replace('hours: 1,', 'hours: 1000,');
    writeFileSync(path, task);
    /** Sets the hours of the loop, for now and in the task that it reads again. */
    const give = (loop: Loop, hours: number) => {
      writeFileSync(path, task.replace('hours: 1000,', `hours: ${hours},`));
      loop.config.limits.until = new Date(loop.config.since.getTime() + hours * 3.6e6);
    };
    const idles = (loop: Loop) => (event: LoggedEvent) => {
      const { sprint } = loop.journal;
      if (event.type === 'run.finished' && sprint?.number === 2) give(loop, 30);
      if (event.type === 'run.started' && sprint?.fullRunOf) loop.stopper.now();
    };
    const fails = (loop: Loop) => (event: LoggedEvent) => {
      if (event.type === 'loop.waiting') give(loop, 28.5);
      if (event.type === 'sprint.closed' && event.number === 5) give(loop, 1000);
    };
    nights.push(await loopIn(repo, { researcher: 'claude' }, idles));
    writeFileSync(path, task);
    nights.push(await loopIn(repo, { researcher: 'claude' }, fails));
    sprints = readSprints(sprintsDir(repo));
  });
  afterAll(async () => {
    await server.close();
    delete process.env.ANTHROPIC_API_KEY;
    delete process.env.ANTHROPIC_BASE_URL;
  });

  it('is started by the loop where the researcher was told and did not, and nothing else fits any more', () => {
    expect(sprints[1]).toMatchObject({
      outcome: 'interrupted',
      reason: expect.stringMatching(/^the last full run, that of \S+-steady-s0, has to start$/),
    });
    // The sprint had one more turn after the notice.
    expect(sprints[1].cost.turns).toBe(5);
    expect(sprints[2]).toMatchObject({
      title: 'Full run: Try wins',
      outcome: 'new-best',
      stopReason: 'its full run has ended',
      cost: { turns: 0, usd: 0 },
    });
    expect(sprints[2].runs.at(-1)).toMatchObject({ samples: 100_000_000, tree: sprints[1].runs[0].tree });
    expect(asked).not.toContain(3);
  });

  it('goes on after the loop was stopped in the middle of it', () => {
    expect(nights[0].code).toBe(130);
    expect(sprints[2].runs.map((run) => run.status)).toEqual(['finished']);
    expect(nights[1].events.find((e) => e.type === 'sprint.opened')).toMatchObject({ number: 4 });
  });

  it('is not lost while the API is overloaded', () => {
    expect(nights[1].events.filter((e) => e.type === 'loop.waiting')).toHaveLength(1);
    expect(sprints[3]).toMatchObject({ outcome: 'interrupted', cost: { turns: 4 } });
    expect(sprints[4]).toMatchObject({ title: 'Full run: Try wins-again', outcome: 'new-best' });
  });

  it('is still made where that ends before the time does', () => {
    const why = { credit: 'no credit', money: 'the money limit of 5 USD' }[end];
    expect(nights[1].code).toBe({ credit: 3, money: 0 }[end]);
    expect(sprints[5]).toMatchObject({ outcome: 'interrupted' });
    expect(sprints[6]).toMatchObject({ title: 'Full run: Try wins-once-more', outcome: 'new-best' });
    expect(sprints).toHaveLength(7);
    expect(nights[1].events.findLast((e) => e.type === 'loop.notice')).toMatchObject({
      text: expect.stringMatching(
        new RegExp(`${why}.*before it ends, the loop makes the full run of \\S+-plain-s0`),
      ),
    });
    expect(nights[1].events.at(-1)).toMatchObject({ reason: expect.stringContaining(why) });
  });
});

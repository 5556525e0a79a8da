import { expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { finish, type Step, scripted, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

it('points out a sprint, and refuses a run, that was made already', async () => {
  // It takes two seconds, so that it is still under way when it is asked for again.
  const again = train('steady', { set: ['f1=0.55'] });
  const script: Step[][] = [
    [start('sorting'), train(), wait, finish()],
    [start('sorting'), train(), [again, again], wait, again, write(0.7), train(), wait, finish()],
  ];
  const requests: MessagesRequest[] = [];
  const server = await startMessagesServer((request) => {
    requests.push(request);
    return scripted(script)(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const { events } = await loopIn(repo, { researcher: 'claude', maxSprints: 2 });
  await server.close();
  const heard = JSON.stringify(requests.at(-1)?.messages);
  expect(heard).toContain('has a similar idea and ended as new-best');
  expect(heard.match(/this run was made already/g)).toHaveLength(2);
  expect(heard.match(/this run is queued or running already, as /g)).toHaveLength(1);
  expect(events.filter((e) => e.type === 'run.started')).toHaveLength(3);
  expect(readSprints(sprintsDir(repo)).map((s) => s.outcome)).toEqual(['new-best', 'new-best']);
});

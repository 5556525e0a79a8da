import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { finish, type Step, scripted, start, train, wait } from '../fixtures/scripted.ts';

let server: MessagesServer | undefined;
afterEach(async () => {
  await server?.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

async function night(script: Step[][]) {
  const prompts: string[] = [];
  server = await startMessagesServer((request) => {
    if (request.messages.length === 1) prompts.push(JSON.stringify(request.messages));
    return scripted(script)(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const path = join(repo, 'TASK.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace('{ warn: 3, stop: 5 }', '{ warn: 1, stop: 2 }'));
  const { code, events } = await loopIn(repo, { researcher: 'claude', maxSprints: 6 });
  return { code, stop: events.at(-1), prompts };
}

const nothing = finish({ candidate: null });

describe('a night that gets nowhere', () => {
  it('is told to take another direction, and then ends', async () => {
    const gainless = (slug: string, k: number): Step[] => [
      start(slug),
      train('plain', { budget: 'screen', set: [`k=${k}`] }),
      wait,
      nothing,
    ];
    const { code, stop, prompts } = await night([
      gainless('one', 1),
      gainless('two', 2),
      gainless('three', 3),
    ]);
    expect(code).toBe(5);
    expect(stop).toMatchObject({ reason: '2 sprints in a row without a verified gain' });
    expect(prompts.map((text) => text.includes('# Another direction'))).toEqual([false, true]);
    expect(prompts[1]).toContain('The last sprint brought no verified gain; after 2 in a row the loop ends');
  });
});

import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import type { News } from './news.ts';

let server: Server | undefined;
afterEach(() => server?.closeAllConnections());
afterEach(() => void server?.close());

/** A webhook on loopback that answers with this status. */
async function webhook(answer: number): Promise<{ url: string; heard: News[] }> {
  const heard: News[] = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      heard.push(JSON.parse(text));
      response.writeHead(answer).end('said');
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server!.address() as AddressInfo).port}/token-abc`, heard };
}

describe('news from a loop', () => {
  it('reach a webhook: each new best, trouble once, and the end', async () => {
    const { url, heard } = await webhook(200);
    const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('worse', 0.5)]);
    const { code, events } = await loopIn(repo, { notify: url }, () => (event) => {
      if (event.type === 'sprint.committed') writeFileSync(join(repo, 'TASK.md'), 'no front matter');
    });
    expect(code).toBe(0);
    expect(heard.map((n) => n.event)).toEqual(['new-best', 'trouble', 'stop']);
    expect(heard[0]).toMatchObject({
      text: 'New best, f1 0.6 verified: sprint 1, Try first (f1 0.6, the first verified result)',
      metrics: { f1: 0.6, mcc: 0.6 },
      profile: 'tiny',
    });
    expect(heard[1].text).toContain('TASK.md was edited; the edit is not used');
    expect(heard[2]).toMatchObject({ text: 'Stopped: nothing is left to be tried', exitCode: 0 });
    // One before the second sprint and one before the third, which is never claimed.
    expect(events.filter((e) => e.type === 'loop.notice')).toHaveLength(2);
  });

  it('that cannot be delivered are one warning, and the loop goes on', async () => {
    const { url, heard } = await webhook(500);
    const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
    const { code, events } = await loopIn(repo, { notify: url });
    expect([code, heard.length]).toEqual([0, 3]);
    const notices = events.flatMap((e) => (e.type === 'loop.notice' ? [e.text] : []));
    expect(notices).toEqual([
      'a notification was not delivered: the webhook answered 500; further failures are not reported',
    ]);
  });
});

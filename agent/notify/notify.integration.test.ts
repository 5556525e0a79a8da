import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { joinCommand } from '#host/command';
import { emptyFolder } from '../fixtures/repo.ts';
import { EventLog } from '../journal/events.ts';
import { Journal } from '../journal/journal.ts';
import { nothingYet } from '../journal/state.ts';
import type { News } from './news.ts';
import { Notifier } from './notifier.ts';
import { parseTarget, send } from './send.ts';

const news: News = {
  ...{ event: 'trouble', text: 'A trouble.', at: '', task: 't', branch: 'b', profile: 'p' },
  ...{ sprint: null, metrics: null, code: null, exitCode: null, usd: 0 },
};
let server: Server | undefined;
afterEach(() => server?.closeAllConnections());
afterEach(() => void server?.close());

/** A webhook on loopback that answers with this status, or never answers. */
async function webhook(answer: number | 'never'): Promise<{ url: string; heard: News[] }> {
  const heard: News[] = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => (text += part));
    request.on('end', () => {
      heard.push(JSON.parse(text));
      if (answer !== 'never') response.writeHead(answer).end('said');
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server!.address() as AddressInfo).port}/token-abc`, heard };
}

/** A notifier that listens to the journal of a loop of its own. */
function notifierOf(url: string) {
  const { log } = EventLog.open(join(emptyFolder(), 'events.jsonl'));
  const journal = new Journal(log, nothingYet);
  const loop = {
    config: { task: { contract: { title: 't' } }, profileName: 'p' },
    checkout: { branch: { name: 'b' } },
    journal,
  };
  const notifier = new Notifier(() => loop as ReturnType<Notifier['loop']>, { url });
  journal.subscribe(notifier.listen);
  return { journal, notifier };
}

describe('a slow receiver', () => {
  it('is told of the end at once, however much waits before it', async () => {
    const { url, heard } = await webhook('never');
    const { journal } = notifierOf(url);
    for (let n = 0; n < 30; n++) journal.notice(`Trouble ${n}`, 'warn');
    journal.emit({ type: 'loop.stopped', code: 'time', reason: 'the time is up', exitCode: 0 });
    await expect.poll(() => heard.map((n) => n.event)).toEqual(['trouble', 'stop']);
  });
});

describe('a receiver that fails', () => {
  it('is told nothing of its own failure, which the loop hears of once', async () => {
    const { url, heard } = await webhook(500);
    const { journal, notifier } = notifierOf(url);
    const notices: string[] = [];
    journal.subscribe((event) => event.type === 'loop.notice' && notices.push(event.text));
    for (const text of ['Trouble 1', 'Trouble 2']) {
      journal.notice(text, 'warn');
      await expect.poll(() => heard.length).toBe(Number(text.at(-1)));
    }
    await notifier.settled();
    expect(heard.map(({ text }) => text)).toEqual(['Trouble 1', 'Trouble 2']);
    expect(notices.filter((text) => text.startsWith('a notification was not delivered'))).toHaveLength(1);
  });
});

describe('sending', () => {
  it('gives a command the JSON on its input, and none of our secrets', async () => {
    const folder = emptyFolder();
    const script = join(folder, 'tell.mjs');
    const to = join(folder, 'told.json');
    writeFileSync(
      script,
      `import { readFileSync, writeFileSync } from 'node:fs';
       writeFileSync(process.argv[2], JSON.stringify({ news: JSON.parse(readFileSync(0, 'utf8')), env: process.env }));`,
    );
    process.env.LOOP_NOTIFY = 'https://example.org/secret';
    process.env.ANTHROPIC_API_KEY = 'sk-ant-secret';
    await send(parseTarget(joinCommand(['node', script, to])), news);
    delete process.env.LOOP_NOTIFY;
    delete process.env.ANTHROPIC_API_KEY;
    const told = JSON.parse(readFileSync(to, 'utf8'));
    expect(told.news).toEqual(news);
    expect(JSON.stringify(told.env)).not.toContain('secret');
  });

  it('gives up on what does not answer, and never names the address', async () => {
    const { url } = await webhook('never');
    await expect(send({ url }, news, 0.3)).rejects.toThrow(/^no answer in 0.3 s$/);
    server?.closeAllConnections();
    server?.close();
    await expect(send({ url }, news)).rejects.toThrow(/^no connection \(ECONNREFUSED\)$/);
    const marker = join(emptyFolder(), 'marker');
    const slow = parseTarget(`sh -c "sleep 20; touch ${marker}"`);
    await expect(send(slow, news, 0.3)).rejects.toThrow('sh took longer than 0.3 s');
    expect(existsSync(marker)).toBe(false);
    await expect(send(parseTarget('false'), news)).rejects.toThrow('false ended with 1');
    await expect(send({ argv: ['/no/such/program'] }, news)).rejects.toThrow();
  });

  it('refuses at once what is neither address nor command', () => {
    for (const text of ['ftp://example.org', 'http://', 'tell me | loudly', '', '/no/such/program x'])
      expect(() => parseTarget(text), text).toThrow(/--notify|command/);
  });
});

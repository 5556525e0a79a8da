import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from '../fixtures/repo.ts';
import { EventTail } from './event-tail.ts';

const notice = (text: string, seq = 1) =>
  `${JSON.stringify({ seq, at: '2026-01-01T00:00:00.000Z', type: 'loop.notice', level: 'info', text })}\n`;

it('gives what was added, whole lines only, and tells when another loop has begun', () => {
  const path = join(emptyFolder(), 'events.jsonl');
  const tail = new EventTail(path);
  const read = () => {
    const { events, anew } = tail.read();
    return [anew, ...events.map((event) => (event.type === 'loop.notice' ? event.text : event.type))];
  };
  expect(read()).toEqual([false]);
  writeFileSync(path, notice('a') + notice('bé').slice(0, 70));
  expect(read()).toEqual([true, 'a']);
  expect(read()).toEqual([false]);
  appendFileSync(path, `${notice('bé').slice(70)}not JSON\n{"type":"of.the.future","seq":3,"at":""}\n`);
  appendFileSync(path, notice('c'));
  expect(read()).toEqual([false, 'bé', 'c']);
  renameSync(path, `${path}.old`);
  expect(read()).toEqual([false]);
  writeFileSync(path, notice('d') + notice('e') + notice('f') + notice('g'));
  expect(read()).toEqual([true, 'd', 'e', 'f', 'g']);
  writeFileSync(path, notice('h'));
  expect(read()).toEqual([true, 'h']);
});

it('reads a character that was written in two parts', () => {
  const path = join(emptyFolder(), 'events.jsonl');
  const tail = new EventTail(path);
  const bytes = Buffer.from(notice('é'));
  const cut = bytes.indexOf(0xc3) + 1;
  writeFileSync(path, bytes.subarray(0, cut));
  expect(tail.read().events).toEqual([]);
  appendFileSync(path, bytes.subarray(cut));
  expect(tail.read().events).toMatchObject([{ text: 'é' }]);
});

import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { EventLog, readEvents } from './events.ts';

const fresh = () => join(mkdtempSync(join(tmpdir(), 'events-')), 'state', 'events.jsonl');
const notice = (text: string) => ({ type: 'loop.notice', level: 'info', text }) as const;

describe('the event log', () => {
  it('numbers events on over restarts and tells listeners after the write', () => {
    const path = fresh();
    const first = EventLog.open(path).log;
    const heard: LoggedEvent[] = [];
    first.subscribe((event) => {
      expect(readEvents(path).at(-1)).toEqual(event);
      heard.push(event);
    });
    first.emit(notice('one'));
    first.emit(notice('two'));
    first.close();
    const { log, past } = EventLog.open(path);
    expect(past).toEqual(heard);
    expect(log.emit(notice('three')).seq).toBe(3);
    log.close();
  });

  it('cuts off the half line of a crash and writes on after the last whole one', () => {
    const path = fresh();
    const { log } = EventLog.open(path);
    log.emit(notice('whole'));
    log.close();
    appendFileSync(path, '{"seq":2,"at":"2026-');
    expect(readEvents(path)).toHaveLength(1);
    const again = EventLog.open(path);
    again.log.emit(notice('next'));
    again.log.close();
    expect(readEvents(path).map((e) => e.seq)).toEqual([1, 2]);
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
  });

  it("dates events by its clock, and reads those of logs that named no researcher as the first one's", () => {
    const path = fresh();
    const { log } = EventLog.open(path, () => Date.parse('2026-01-01T10:00:00.000Z'));
    log.emit(notice('one'), 'researcher-2');
    log.emit(notice('two'));
    log.close();
    appendFileSync(path, `${JSON.stringify({ seq: 3, at: 'x', ...notice('three') })}\n`);
    const events = readEvents(path);
    expect(events.map((event) => event.researcherId)).toEqual([
      'researcher-2',
      'researcher-1',
      'researcher-1',
    ]);
    expect(events[0].at).toBe('2026-01-01T10:00:00.000Z');
  });

  it('names the line that is no event', () => {
    const path = fresh();
    EventLog.open(path).log.close();
    writeFileSync(
      path,
      '{"seq":1,"at":"x","type":"loop.notice","level":"info","text":"a"}\n{"type":"made-up"}\n',
    );
    expect(() => readEvents(path)).toThrow(/events\.jsonl:2: is not an event/);
  });
});

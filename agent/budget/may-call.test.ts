import { describe, expect, it } from 'vitest';
import type { Event } from '#contract/event';
import type { Limits } from '../config/config.ts';
import { handJournal, loopStarted } from '../fixtures/journal.ts';
import { limitsOver } from '../fixtures/limits.ts';
import type { Limit } from '../researcher/conversation.ts';
import { CLOSING_TURNS, capNotice } from './caps.ts';
import { affords, leftToSpend, mayCall } from './may-call.ts';

const opened: Event = { type: 'sprint.opened', number: 1, treeBefore: '' };
const turn = (usd: number, more: Partial<Extract<Event, { type: 'turn.finished' }>> = {}): Event => ({
  ...{ type: 'turn.finished', sprint: null, stopReason: 'tool_use', text: '', seconds: 1 },
  usage: { inputTokens: 80, cachedInputTokens: 0, outputTokens: 20, usd },
  ...more,
});
const call = (usd: number, tokens = 100, past: Limit | null = null) => ({
  ...{ reserve: { usd, tokens }, likely: { usd: usd / 2, tokens }, plain: { usd, tokens } },
  ...{ sprint: null, slot: { past: () => past } },
});
/** A loop of a thousand seconds with an open sprint in its log. */
function loopWith(over: Partial<Limits>, ...events: Event[]) {
  const { time, journal, by } = handJournal(loopStarted(), opened, ...events);
  const config = { limits: limitsOver(1000, over) };
  const loop = { config, journal };
  return { time, journal, loop, other: { config, journal: by('researcher-2') } };
}

describe('the next call', () => {
  it('is booked with its reserve when it may be made, and the bill takes the place of that', () => {
    const { journal, loop } = loopWith({ usd: 1 });
    expect(mayCall(loop, call(0.6))).toBeNull();
    expect(journal.state().calls).toMatchObject({ 'researcher-1': { reserve: { usd: 0.6 } } });
    journal.emit(turn(0.1));
    expect(journal.state().calls).toEqual({});
    expect(leftToSpend(loop).usd).toBeCloseTo(0.9);
  });

  it('is forbidden and not booked where its reserve is more than what is left of the money', () => {
    const { journal, loop } = loopWith({ usd: 1 }, turn(0.3, { held: { usd: 0.2, tokens: 0 } }));
    expect(mayCall(loop, call(0.51))).toEqual({
      code: 'money',
      reason:
        'the money limit of 1 USD: 0.30 spent, 0.20 reserved for calls that were cut off, and the next call could cost 0.51',
    });
    expect(journal.state().calls).toEqual({});
    expect(mayCall(loop, call(0.49))).toBeNull();
  });

  it('is forbidden past the tokens and past the end of the time', () => {
    const { time, loop } = loopWith({ tokens: 300 }, turn(0));
    expect(mayCall(loop, call(9, 201))?.code).toBe('tokens');
    expect(mayCall(loop, call(9, 200))).toBeNull();
    time.seconds = 1000;
    expect(mayCall(loop, call(9, 200))).toMatchObject({
      code: 'time',
      reason: expect.stringContaining('the time is up (2026-01-01T00:16'),
    });
  });

  it('is told a limit of the loop before one of its sprint, and the cap before the last full run', () => {
    const slot: Limit = { code: 'last-slot', reason: 'it has to begin' };
    const { journal, loop } = loopWith({ usd: 1 });
    expect(mayCall(loop, call(0.1, 1, slot))).toBe(slot);
    journal.emit({ type: 'sprint.capped', sprint: null, reason: 'enough' });
    for (let n = 0; n < CLOSING_TURNS; n++) journal.emit(turn(0));
    expect(mayCall(loop, call(0.1, 1, slot))?.code).toBe('sprint');
    expect(mayCall(loop, call(2, 1, slot))?.code).toBe('money');
  });

  it('may take a share of what is left, where no more is wanted', () => {
    const { loop } = loopWith({ usd: 1, tokens: 1000 }, turn(0.2));
    expect(affords(loop, { usd: 0.2, tokens: 100 }, 0.25)).toBe(true);
    expect(affords(loop, { usd: 0.21, tokens: 100 }, 0.25)).toBe(false);
    expect(affords(loop, { usd: 0.2, tokens: 226 }, 0.25)).toBe(false);
  });
});

describe('the limits of one sprint', () => {
  const sprint = (over: Partial<Limits['sprint']>) => ({
    sprint: { usd: null, hours: null, turns: 200, ...over },
  });

  it('are told once, leave a few turns, and then forbid the next call', () => {
    const { journal, loop } = loopWith(sprint({ usd: 0.5 }), turn(0.4));
    expect(capNotice(loop)).toEqual([]);
    journal.emit(turn(0.1));
    expect(capNotice(loop)).toEqual([expect.stringContaining('reached the limit of 0.5 USD for one sprint')]);
    expect(capNotice(loop)).toEqual([]);
    for (let n = 1; n < CLOSING_TURNS; n++) journal.emit(turn(0));
    expect(mayCall(loop, call(0))).toBeNull();
    // The call that was cut is made again, and the cut one counts as no turn.
    journal.emit(turn(0, { stopReason: 'cut' }));
    expect(mayCall(loop, call(0))).toBeNull();
    journal.emit(turn(0));
    expect(mayCall(loop, call(0))).toEqual({
      code: 'sprint',
      reason: `the limit of 0.5 USD for one sprint, and finish_sprint was not called in the ${CLOSING_TURNS} turns after it`,
    });
  });

  it('are turns and hours too', () => {
    const turns = loopWith(sprint({ turns: 1 }), turn(0));
    expect(capNotice(turns.loop)).toEqual([expect.stringContaining('the limit of 1 turn for one sprint')]);
    const hours = loopWith(sprint({ hours: 0.1 }));
    hours.time.seconds = 359;
    expect(capNotice(hours.loop)).toEqual([]);
    hours.time.seconds = 360;
    expect(capNotice(hours.loop)).toEqual([expect.stringContaining('the limit of 0.1 h for one sprint')]);
  });
});

describe('two researchers', () => {
  it('cannot both take the last dollar: the reserve of the one is not left for the other', () => {
    const { journal, loop, other } = loopWith({ usd: 1, tokens: 1000 });
    expect(mayCall(loop, call(0.6, 300))).toBeNull();
    expect(leftToSpend(other)).toEqual({ usd: 0.4, tokens: 700 });
    expect(mayCall(other, call(0.6, 300))).toEqual({
      code: 'money',
      reason:
        'the money limit of 1 USD: 0.00 spent, 0.60 reserved for calls under way, and the next call could cost 0.60',
    });
    expect(mayCall(other, call(0.4, 701))?.code).toBe('tokens');
    expect(mayCall(other, call(0.4, 700))).toBeNull();
    // A call ends by itself, even while another researcher is calling.
    other.journal.emit({ type: 'turn.failed', sprint: null, reason: 'overloaded' });
    expect(Object.keys(journal.state().calls)).toEqual(['researcher-1']);
    expect(mayCall(other, call(0.5))?.code).toBe('money');
    journal.emit(turn(0.1));
    expect(mayCall(other, call(0.5))).toBeNull();
  });

  it('lose nothing in a crash: each call that was under way is booked', () => {
    const { journal, loop, other } = loopWith({ usd: 1 });
    mayCall(loop, call(0.4));
    mayCall(other, call(0.2));
    journal.emit(loopStarted({ resumed: true }));
    expect(journal.state()).toMatchObject({ calls: {}, usd: expect.closeTo(0.3) });
    expect(leftToSpend(loop).usd).toBeCloseTo(0.4);
  });
});

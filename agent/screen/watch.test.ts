import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { exampleTask } from '../fixtures/examples.ts';
import { nothingYet } from '../journal/state.ts';
import { watchLoop } from './watch.ts';
import type { Watched, Watcher } from './watcher.ts';

/** A loop that says its last word and ends just before it is asked, a second time, whether it lives. */
function ending(): Watcher {
  const { title, metric, also, plots, secret } = exampleTask().contract;
  const watched: Omit<Watched, 'alive'> = {
    contract: { title, metric, also, plots, secret },
    ...{ state: nothingYet, paused: null, workedSeconds: 0, call: null, actedAt: null, runs: [] },
    ...{ confirming: null, best: null, said: [] },
  };
  const events: LoggedEvent[] = [];
  const said: string[] = [];
  let asked = 0;
  const now = (): Watched => {
    if (++asked === 3) {
      const at = '2026-01-01T00:00:00.000Z';
      const text = 'the last word';
      events.push({ seq: 1, at, researcherId: 'researcher-1', type: 'loop.notice', level: 'info', text });
    }
    return { ...watched, said: [...said], alive: asked < 3 };
  };
  const read = () => {
    const all = events.splice(0);
    said.push(...all.flatMap((event) => (event.type === 'loop.notice' ? event.text : [])));
    return all;
  };
  return { now, read } as unknown as Watcher;
}

it('tells a pipe what a loop has said between the last look and its end', async () => {
  let text = '';
  const out = {
    ...{ isTTY: false, size: () => ({ columns: 80, rows: 24 }) },
    write: (part: string) => {
      text += part;
    },
  };
  await watchLoop(ending(), out, new AbortController().signal);
  expect(text).toContain('the last word');
});

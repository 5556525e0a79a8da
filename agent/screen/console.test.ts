import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { emptyFolder } from '../fixtures/repo.ts';
import { consoleOver } from './console.ts';

const sentence = 'A long sentence of the researcher, '.repeat(5).trim();

/**
 * What the console writes of an event on such a terminal, without the bold and dim that the console adds.
 * Most lines read nothing of the loop.
 */
function written(event: object, isTTY: boolean, columns = 80, loop: object = {}): string {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const logged = { researcherId: 'researcher-1', ...event } as LoggedEvent;
  consoleOver(loop as Parameters<typeof consoleOver>[0], { isTTY, columns, write })(logged);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are control characters
  return out.replace(/\x1b\[(?:1|2|22)m/g, '');
}

/** How the text of a turn is shown. */
const shown = (isTTY: boolean, columns: number): string =>
  written({ type: 'turn.finished', text: sentence }, isTTY, columns).trim();

it('cuts a sentence to the width of a terminal, to 80 where it does not know its width', () => {
  expect(shown(true, 60)).toHaveLength(56);
  expect(shown(true, 0)).toHaveLength(76);
});

it('says whose a line is once a second researcher was heard of', () => {
  let out = '';
  const tell = consoleOver({} as Parameters<typeof consoleOver>[0], {
    ...{ isTTY: false, columns: 80 },
    write: (text) => {
      out += text;
    },
  });
  const said = (by: number) =>
    tell({ type: 'turn.finished', text: 'Hm.', researcherId: `researcher-${by}` } as LoggedEvent);
  for (const by of [1, 2, 1]) said(by);
  expect(out).toBe('  Hm.\n  #2 Hm.\n  #1 Hm.\n');
});

it('breaks a long line between words, below where it began', () => {
  const closed = { type: 'sprint.closed', outcome: 'new-best', reason: 'a gain of 0.1, and the guards hold' };
  expect(written(closed, true, 40)).toBe('  new-best: a gain of 0.1, and the\n    guards hold\n');
  expect(written(closed, true, 46)).toBe('  new-best: a gain of 0.1, and the guards hold\n');
  expect(written(closed, false, 40)).toBe('  new-best: a gain of 0.1, and the guards hold\n');
});

it('cuts nothing where no terminal is', () => {
  expect(shown(false, 0)).toBe(sentence);
  expect(shown(false, 60)).toBe(sentence);
});

it('shows why a call was refused, and nothing of the call', () => {
  const call = { type: 'tool.finished', name: 'bash', summary: 'rm -rf it', ok: false, seconds: 0 };
  const reason = '"command" is missing: it must be text';
  expect(written({ ...call, reason }, false)).toBe(`  bash was refused: ${reason}\n`);
  expect(written({ ...call, reason: `so\nit\x1b[2J ${'x'.repeat(290)}` }, true)).toBe(
    `  bash was refused: so it ${'x'.repeat(290)}\n`,
  );
  // From a log of an earlier release.
  expect(written(call, false)).toBe('  bash was refused: unknown reason\n');
  expect(written({ ...call, ok: true }, false)).toBe('');
});

it('passes over a turn with nothing to read in it, and over lines with nothing before its words', () => {
  expect(written({ type: 'turn.finished', text: ' \n\x1b[0m\u200b' }, true)).toBe('');
  expect(written({ type: 'turn.finished', text: '\x1b[0m\n  Let me see.\nMore.' }, false)).toBe(
    '  Let me see.\n',
  );
});

it('answers a hint that the replay cannot follow, and says which hints a sprint follows', () => {
  const hint = { type: 'hint.given', text: '- Sort.' };
  expect(written(hint, false, 80, { connection: { kind: 'claude' } })).toBe('  hint passed on: - Sort.\n');
  expect(written(hint, false, 80, { connection: { kind: 'offline' } })).toBe(
    '  hint passed on: - Sort.\n  the offline replay walks a fixed path and cannot follow it\n',
  );
  const hintAnswers = [{ hint: 'x', text: 'Sort.', answer: 'follow', why: 'It is the idea.' }];
  const claimed = { type: 'sprint.claimed', number: 1, title: 't', sprint: 's', at: '2026-01-01T00:00:00Z' };
  const loop = { config: { repo: emptyFolder() } };
  expect(written({ ...claimed, hintAnswers }, false, 80, loop)).toMatch(/^ {2}follows the hint: Sort\.$/m);
});

/** Every control sequence that a terminal would obey, or show as something else. */
const HOSTILE = 'a\x1b[2Jb\x1b]0;owned\x07\r\n\x9b31m\u202ec\u2028\u0085d\ud83d\x08';

it('lets nothing through to the terminal of what somebody else wrote, in whatever event it stands', () => {
  const text = HOSTILE;
  const loop = {
    config: {
      ...{ repo: emptyFolder(), leaderboard: 'x', profileName: 'p' },
      task: { contract: { metric: 'm', also: [] } },
    },
    connection: { kind: 'claude' },
    checkout: { branch: { name: 'b', resumed: false, from: 'main' } },
    timer: { seconds: {}, total: 1 },
    journal: { state: () => ({ usd: 0, held: { usd: 0, tokens: 0 }, committed: [], sprints: {} }) },
    ledger: { of: () => [], sprints: [] },
  };
  const told = {
    sprint: text,
    run: text,
    reason: text,
    title: text,
    text,
    trouble: text,
    name: text,
    status: text,
  };
  const events = [
    ...['sprint.claimed', 'turn.finished', 'tool.finished', 'run.started', 'run.finished', 'sprint.closed'],
    ...[
      'report.rendered',
      'sprint.committed',
      'loop.waiting',
      'sprint.capped',
      'loop.notice',
      'hint.given',
      'loop.stopped',
    ],
  ].map((type) => ({
    type,
    ...told,
    at: '2026-01-01T00:00:00Z',
    seconds: 1,
    commit: 'abc',
    outcome: 'failed',
    ok: false,
  }));
  for (const event of events) {
    for (const isTTY of [true, false]) {
      const out = written(event, isTTY, 80, loop);
      expect(out, event.type).toContain('ab');
      expect(out.replaceAll('\n', ''), event.type).not.toMatch(/[\p{Cc}\p{Cs}\u202e\u2028]/u);
    }
  }
});

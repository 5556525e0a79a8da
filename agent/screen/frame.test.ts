import { expect, it } from 'vitest';
import { exampleTask } from '../fixtures/examples.ts';
import { nothingYet } from '../journal/state.ts';
import { columnsOf } from './columns.ts';
import { frameOf, type Size } from './frame.ts';
import type { Watched } from './watcher.ts';

const AT = Date.parse('2026-01-01T02:00:00Z');
const at = (minutesAgo: number) => new Date(AT - minutesAgo * 60_000).toISOString();
const RUN = '2026-01-01--01-55-00-wider-network-s0';

const sprint = {
  ...{
    number: 3,
    researcherId: 'researcher-1',
    openedAt: at(12),
    openedAfter: 0,
    treeBefore: 't',
    leaderboard: null,
  },
  ...{ fullRunOf: null, combines: null, handed: null },
  ...{ runs: [], tickets: {}, waiting: [], hints: [], verdicts: {}, inspections: 0 },
  claim: { id: '2026-01-01--01-48-wider', title: 'A wider network', idea: '', predicted: {} },
  ...{
    finished: false,
    closed: null,
    rendered: false,
    resumed: 0,
    models: [],
    said: [],
    trainSeconds: 0,
    confirmSeconds: 0,
  },
  ...{ capped: null, cost: { usd: 1.2, turns: 14, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 } },
};
const committed = ['first', 'second', 'third', 'fourth', 'fifth'].map((name, i) => ({
  ...{ sprint: `2026-01-01--0${i}-00-${name}`, metrics: {}, outcome: i === 4 ? 'no-gain' : 'new-best' },
  reason: `f1 0.${i} against the best's 0.0: a gain of 0.${i}`,
}));
const oneRun: Watched['runs'][number] = {
  ...{ id: RUN, researcherId: 'researcher-1', ended: null, total: 2.05e6, evals: [] },
  log: [8, 4, 2, 1].map((loss, i) => ({ samples: i, values: { l0: 3, loss } })),
};
const watched = (over: Partial<Watched> = {}): Watched => ({
  contract: {
    title: 'Guess the number',
    metric: 'f1',
    also: ['mcc'],
    plots: { curves: ['loss'] },
    secret: exampleTask().contract.secret,
  },
  state: {
    ...nothingYet,
    started: {
      ...{ type: 'loop.started', branch: 'run/2026-01-01', profile: 'small', leaderboard: 'x' },
      ...{ researcher: 'Claude (model)', sandbox: 'bubblewrap', pid: 1, processStart: null, resumed: false },
      ...{ seq: 1, at: at(100), researcherId: 'researcher-1' },
      limits: { usd: 50, tokens: null, sprints: 9, trainHours: null, until: at(-330) },
    },
    ...{ sprints: { 'researcher-1': sprint }, committed, usd: 3.1, tokens: 812_000, trainSeconds: 4000 },
    lastAction: 'bash: ls',
    runs: {
      [RUN]: {
        ...{ experiment: 'wider', startedAt: at(5) },
        progress: { samples: 1.25e6, totalSamples: 2.05e6, samplesPerSecond: 41_000, etaSeconds: 20 },
      },
    },
  } as Watched['state'],
  ...{ alive: true, paused: null, workedSeconds: 6000, call: null, actedAt: at(0.5) },
  runs: [oneRun],
  confirming: null,
  best: { number: 2, title: 'A second', metrics: { f1: 0.9, mcc: 0.8, other: 1 }, confirmed: 0.85 },
  said: ['', 'Sprint 3: A wider network', '  run it'],
  ...over,
});
const textOf = (of: Watched, size: Size) => frameOf(of, size, AT).map(({ text }) => text.trimEnd());

it('shows sprint, call, run with bar and curve, money, time, best and the last verdicts', () => {
  expect(textOf(watched(), { columns: 150, rows: 40 })).toEqual([
    'Guess the number',
    'running',
    'run/2026-01-01 · profile small · Claude (model) · sandbox bubblewrap',
    '',
    'Sprint    3: A wider network (12 min 0 s, 14 turns, 1.20 USD)',
    'Call      none is under way; last action: bash: ls, 30 s ago',
    `Run       ${RUN}`,
    '          ████████████████████████░░░░░░░░░░░░░░░░',
    '          61% of 2.05M samples · 41k samples/s · 20 s left',
    '          loss       1 █▄▂▁',
    'Money     3.10 of 50 USD · 812k tokens',
    expect.stringMatching(
      /^Time {6}5 of 9 sprints in 1 h 40 min · 1 h 11 min of training · ends at \d\d:\d\d \(UTC.*\), in 5 h 30 min$/,
    ),
    'Best      f1 0.9, mcc 0.8 · confirmed f1 0.85 · sprint 2: A second',
    "Verdicts  no-gain     fifth: f1 0.4 against the best's 0.0: a gain of 0.4",
    "          new-best    fourth: f1 0.3 against the best's 0.0: a gain of 0.3",
    "          new-best    third: f1 0.2 against the best's 0.0: a gain of 0.2",
    "          new-best    second: f1 0.1 against the best's 0.0: a gain of 0.1",
    '─'.repeat(150),
    ...['Sprint 3: A wider network', '  run it'],
  ]);
});

it.each([40, 57, 80, 200])('fits into a terminal of %i columns and any number of rows', (columns) => {
  const long = 'verylongwordthatdoesnotbreak '.repeat(20) + '日本語'.repeat(50);
  const of = watched({
    said: Array(50).fill(long),
    best: { number: 1, title: long, metrics: { f1: 0.5 }, confirmed: null },
  });
  of.contract = { ...of.contract, title: long };
  for (const rows of [5, 24, 60]) {
    const lines = frameOf(of, { columns, rows }, AT);
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const { text } of lines) expect(columnsOf(text), text).toBeLessThanOrEqual(columns);
  }
  const text = textOf(of, { columns, rows: 60 }).join('\n');
  for (const part of ['Sprint', '61%', '█', 'loss', '3.10 of 50 USD', 'no-gain'])
    expect(text).toContain(part);
});

it('has a line for each researcher where several work, with what each does', () => {
  const { state } = watched();
  const other = { ...sprint, number: 4, researcherId: 'researcher-2', claim: null, finished: true };
  const sprints = { 'researcher-1': sprint, 'researcher-2': other };
  const call = { usd: 0, tokens: 0 };
  const calls = { 'researcher-1': { most: call, reserve: call, likely: call } };
  const lines = textOf(watched({ state: { ...state, sprints, calls } }), { columns: 90, rows: 40 });
  expect(lines.filter((line) => /^(Sprint|Call) {2}/.test(line))).toEqual([
    'Sprint    3: A wider network (12 min 0 s, 14 turns, 1.20 USD), thinking',
    'Sprint    4: not claimed yet (12 min 0 s, 14 turns, 1.20 USD), being judged',
  ]);
});

const two = (): Watched => {
  const of = watched();
  const other = { ...sprint, number: 4, researcherId: 'researcher-2', finished: true };
  const second = { ...oneRun, id: RUN.replace('wider', 'deeper'), researcherId: 'researcher-2' };
  const evals = [0.1, 0.5, 0.9].map((f1) => ({ samples: 1, evaluationSamples: 1, metrics: { f1 } }));
  const ended = { status: 'finished', reason: null };
  of.state.sprints = { 'researcher-1': sprint, 'researcher-2': other };
  return { ...of, runs: [oneRun, { ...second, ended, evals }] };
};

it('shows the run of each researcher, in short and with its sprint', () => {
  const lines = textOf(two(), { columns: 90, rows: 40 });
  expect(lines.slice(6, 12)).toEqual([
    `Run       3: ${RUN}`,
    '          ███████████████████░░░░░░░░░░░░ 61% of 2.05M samples · 41k samples/s · 20 s left',
    '          loss 1 █▄▂▁',
    `Run       4: ${RUN.replace('wider', 'deeper')}`,
    '          finished',
    '          f1 measured 0.9 ▁▅█',
  ]);
  for (const columns of [40, 57, 80, 200]) {
    const narrow = frameOf(two(), { columns, rows: 40 }, AT);
    for (const { text } of narrow) expect(columnsOf(text), text).toBeLessThanOrEqual(columns);
    expect(narrow.map(({ text }) => text).join('\n')).toContain('61%');
  }
});

it('says how far the runs on secret worlds are, of the sprint that they confirm', () => {
  const confirming = { researcherId: 'researcher-2', measured: 3, most: 8 };
  const lines = textOf({ ...two(), confirming }, { columns: 150, rows: 40 });
  expect(lines[5]).toMatch(/, being confirmed: 3 of up to 8 runs on secret worlds measured$/);
  const { state } = watched();
  state.sprints = { 'researcher-2': { ...sprint, researcherId: 'researcher-2', finished: true } };
  expect(textOf(watched({ state, confirming }), { columns: 150, rows: 40 })).toContain(
    'Call      the sprint is being confirmed: 3 of up to 8 runs on secret worlds measured',
  );
});

it('says what the loop waits for, and how it ended', () => {
  const second = (over: Partial<Watched>) => textOf(watched(over), { columns: 80, rows: 40 });
  const state = watched().state;
  const waiting = { reason: 'overloaded', until: at(-5) };
  const stopped = { code: null, reason: 'the time is up', exitCode: 0, at: at(1) };
  expect(second({ state: { ...state, waiting } })[1]).toMatch(/^waiting until \d\d:\d\d: overloaded$/);
  expect(second({ paused: at(3) })[1]).toMatch(/^paused since \d\d:\d\d \("npm run resume"\)$/);
  expect(second({ alive: false })[1]).toBe('cut off; "npm run loop" continues it');
  expect(second({ alive: false, state: { ...state, stopped } })[1]).toMatch(
    /^ended at \d\d:\d\d: the time is up$/,
  );
  expect(second({ call: { since: at(1), searching: false } })).toContain('Call      thinking, 1 min 0 s');
  expect(second({ call: { since: at(1), searching: true } })).toContain(
    'Call      searching the web, 1 min 0 s',
  );
  const evals = [0.1, 0.5, 0.9].map((f1) => ({ samples: 1, evaluationSamples: 1, metrics: { f1 } }));
  const run = { ...oneRun, ended: { status: 'finished', reason: null }, evals };
  expect(second({ runs: [run] })).toEqual(
    expect.arrayContaining(['          finished', '          f1 measured     0.9 ▁▅█']),
  );
  expect(textOf(watched({ state: nothingYet }), { columns: 40, rows: 24 })[0]).toMatch(
    /^No loop was started/,
  );
});

it('lets no control character through, whoever wrote it', () => {
  const hostile = 'a\x1b[2Jb\x1b]0;owned\x07\r\n\x9b31m\u202ec';
  const of = watched({ best: { number: 1, title: hostile, metrics: { f1: 0.5 }, confirmed: null } });
  const state = of.state;
  const capped = { reason: hostile, turns: 1 };
  state.sprints = { 'researcher-1': { ...sprint, claim: { ...sprint.claim, title: hostile }, capped } };
  state.lastAction = hostile;
  state.committed = [{ sprint: hostile, outcome: 'failed', reason: hostile, metrics: {} }];
  const run = {
    ...{ ...oneRun, id: hostile, ended: { status: hostile, reason: hostile } },
    log: [{ samples: 1, values: { [hostile]: 1 } }],
  };
  of.runs = [run, { ...run, researcherId: 'researcher-2' }];
  of.contract = { ...of.contract, title: hostile, plots: { curves: [] } };
  const text = textOf(of, { columns: 200, rows: 60 }).join('');
  expect(text).toContain('ab c');
  expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
});

it('calls secret worlds what the task calls them', () => {
  const confirming = { researcherId: 'researcher-2', measured: 3, most: 8 };
  const secret = { one: 'hidden field', many: 'hidden fields', kind: '' };
  const contract = { ...two().contract, secret };
  const lines = textOf({ ...two(), contract, confirming }, { columns: 150, rows: 40 });
  expect(lines[5]).toMatch(/3 of up to 8 runs on hidden fields measured$/);
});

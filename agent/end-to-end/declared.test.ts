import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { measuredProfile } from '#contract/noise';
import { verdictTable } from '../cli/verdict-table.ts';
import { inRun, runDir } from '../common/paths.ts';
import { exampleSprint, exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { loopStarted } from '../fixtures/journal.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { run } from '../fixtures/staged.ts';
import { nothingYet } from '../journal/state.ts';
import { decide, rulesOf } from '../ledger/decide.ts';
import { ledgerTable, runDetails, runsTable } from '../ledger/tables.ts';
import { timeInSprint } from '../ledger/time-against.ts';
import { composeReport } from '../report/compose/report.ts';
import { renderNotebook } from '../report/notebook.ts';
import { writeTables } from '../report/tables.ts';
import { consoleOver } from '../screen/console.ts';
import { sprintPrompt } from '../sprint/prompt.ts';

const task = exampleTask(({ profiles }) => {
  for (const profile of Object.values(profiles)) profile.constraints.learning_rate = '==0.1';
});
const seen = {
  observed: { samples: 1000, width: 4, rows_served: 1100 },
  declared: { learning_rate: 0.1, epochs: 1 },
};
const best = run('best', 1000, 0.5, { seconds: 10, backend: 'cpu', verdict: exampleVerdict(seen) });
/** It took four times as long as the best, and began with the best's weights. */
const late = run('new', 1000, 0.5, { seconds: 40, backend: 'cpu', from: best.id });
const verdict = exampleVerdict({ ...seen, run: late.id, from: best.id });
late.verdict = verdict;
const first = exampleSprint({ number: 1, id: 'first', candidate: best.id, runs: [best] });
const second = exampleSprint({
  ...{ number: 2, id: 'second', outcome: 'no-gain', candidate: late.id, verdict, runs: [late] },
  bestBefore: { sprint: first.id, run: best.id, metrics: { f1: 0.5 } },
});
const sprints = [first, second];

const FROM = `from the weights of ${best.id}; declared, not observed`;
const SLOW = 'took 4.0 times as long as the best at the same samples and backend (40 s to 10 s)';
const DECLARED = `learning rate 0.1, epochs 1, weights of ${best.id}`;
const OBSERVED = 'samples 1000, width 4, distinct rows served 1100';

it('the prompt and --dry mark the constraints that nobody observes', () => {
  const state = {
    ...nothingYet,
    started: { ...loopStarted({ declared: ['learning_rate'] }), at: '', seq: 0 },
  };
  const limits = { usd: 5, sprint: { usd: null, hours: null, turns: 9 }, until: new Date() };
  const config = { task, repo: emptyFolder(), profileName: 'tiny', leaderboard: first.leaderboard, limits };
  const loop = {
    config: { ...config, profile: measuredProfile(task, 'tiny') },
    checkout: { bestKnown: 'abc123' },
    papers: [],
    ledger: { sprints, of: () => sprints },
    journal: { state: () => state, now: Date.now },
  };
  const prompt = sprintPrompt(loop as unknown as Parameters<typeof sprintPrompt>[0], 3);
  expect(prompt).toContain(
    'constraints of a full run: samples ==1000, learning_rate ==0.1 (declared, not observed)\n',
  );
  expect(prompt).toContain(`no-gain (${FROM}) (${SLOW})`);
});

it('so does a verdict that breaks one', () => {
  const rules = rulesOf(task, measuredProfile(task, 'tiny'), []);
  const fast = { ...verdict, declared: { learning_rate: 0.2 } };
  expect(decide(fast, rules).reason).toBe(
    'constraint not met: learning_rate (declared, not observed): 0.2 where ==0.1 is asked',
  );
  expect(decide({ ...verdict, observed: { samples: 2 } }, rules).reason).toContain('met: samples: 2 where');
});

it('the tools tell what was observed and what declared, and a time out of proportion', () => {
  const time = timeInSprint(late, second, sprints);
  expect(runsTable(second.runs, task.contract, () => time)).toContain(`| finished (${SLOW}) |`);
  expect(ledgerTable([second], task.contract, sprints)).toContain(`(${SLOW})`);
  const details = runDetails(late, task.contract, time);
  for (const part of [FROM, SLOW, `Observed: ${OBSERVED}`, `Declared, not observed: ${DECLARED}`])
    expect(details).toContain(part);
  // Before there is a verdict, the trainer's word.
  const unjudged = { ...late, from: undefined, verdict: null, declared: { epochs: 3 } };
  expect(runDetails(unjudged, task.contract)).toContain('not observed: epochs 3, weights of its own');
});

it('the report has it among its facts, its badges and the runs', async () => {
  const source = { dir: emptyFolder(), sprint: second, readme: null, patch: null };
  const text = JSON.stringify(await composeReport(source, sprints, task, null, { simple: true }));
  for (const part of [
    OBSERVED,
    `${DECLARED}: declared, not observed`,
    `the candidate ${SLOW}`,
    `started with the weights of ${best.id} (declared, not observed)`,
    "40 s (4.0 × the best's)",
    'Learning rate, epochs and starting weights are declared, not observed.',
  ])
    expect(text).toContain(part);
  const plain = await composeReport({ ...source, sprint: first }, sprints, task, null, { simple: true });
  expect(JSON.stringify(plain)).not.toMatch(/times as long|the best's\)|started with/);
});

it('notebook and tables too', async () => {
  const reportsDir = emptyFolder();
  const notebook = await renderNotebook({ sprints, live: null, reportsDir, task });
  const page = readFileSync(notebook, 'utf8');
  expect(page).toContain(`started with the weights of ${best.id} (declared, not observed)`);
  expect(page).toContain('took 4.0 times as long as the best');
  const [ledger, runs] = writeTables(reportsDir, sprints).map((path) =>
    readFileSync(path, 'utf8').split('\n'),
  );
  for (const table of [ledger, runs]) {
    const columns = table?.[0]?.split(',') ?? [];
    // The researcher's name has a comma, in quotes.
    const cells = table?.[2]?.replace(/"[^"]*"/g, '').split(',');
    const cell = (name: string) => cells?.[columns.indexOf(name)];
    expect(columns).not.toContain('learning_rate');
    expect(['declared_learning_rate', 'declared_epochs', 'declared_start'].map(cell)).toEqual([
      ...['0.1', '1', best.id],
    ]);
    expect([cell('observed_distinct_rows_served'), cell('times_best')]).toEqual(['1100', '4']);
  }
});

it('and what is printed', () => {
  const repo = emptyFolder();
  const { record, result, verdict: path } = inRun(runDir(repo, late.id));
  mkdirSync(dirname(result), { recursive: true });
  const machine = { host: 'h', cpu: 'c', cores: 1, gpu: null, node: 'v22' };
  const { curve: _, evals: __, ...spec } = late;
  const times = { startedAt: '', endedAt: null, rowsServed: null };
  const folder = { ...spec, ...times, version: 2, sprint: null, profile: 'tiny', machine, sandbox: 'off' };
  writeFileSync(record, JSON.stringify(folder));
  writeFileSync(
    result,
    JSON.stringify({
      ...{ version: 1, status: 'finished', reason: null, experiment: 'plain', config: {}, backend: 'cpu' },
      ...{ steps: 1, samples: 1000, seconds: 1, declared: {}, claimed: {} },
    }),
  );
  writeFileSync(path, JSON.stringify(verdict));
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const loop = { config: { task, repo, leaderboard: first.leaderboard }, ledger: { of: () => [first] } };
  const show = consoleOver(loop as unknown as Parameters<typeof consoleOver>[0], {
    ...{ isTTY: false, columns: 80, write },
  });
  show({ type: 'verdict.given', researcherId: 'researcher-1', verdict } as unknown as LoggedEvent);
  expect(out).toContain(`  declared, not observed: ${DECLARED}\n  ! ${SLOW}\n`);
  expect(verdictTable(task.contract, verdict)).toContain(
    `  observed: ${OBSERVED}\n  declared, not observed: ${DECLARED}\n`,
  );
});

import { describe, expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { type Block, plain } from '../document/tree.ts';
import { confirmed } from '../fixtures/confirmed.ts';
import { folderOf, interrupted, lista, matryoshka, profile, sprints, task } from '../fixtures/load.ts';
import { composeReport } from './report.ts';
import { readSource } from './source.ts';

const compose = (sprint: Sprint, simple = false) =>
  composeReport({ ...readSource(folderOf(sprint.id)), sprint }, sprints, task, profile, { simple });

const of = <T extends Block['t']>(blocks: Block[], t: T) =>
  blocks.filter((block): block is Extract<Block, { t: T }> => block.t === t);
const headings = (blocks: Block[]) => of(blocks, 'heading').map((block) => plain(block.c));

describe('the report of a sprint', () => {
  it('leads with verified numbers against the best before, the guards and the ceiling', async () => {
    const { blocks } = await compose(lista);
    const [{ cards }] = of(blocks, 'cards');
    expect(cards.map((card) => [card.label, card.value])).toEqual([
      ['Verified F1', '0.872'],
      ['MCC', '0.763'],
      ['Uniqueness', '0.992'],
      ['Gap to ceiling 0.95', '0.078'],
    ]);
    expect(cards[0].note).toBe('+0.038 to the best before, noise 0.006');
    expect(JSON.stringify(of(blocks, 'callout'))).toContain(
      ', +0.038 to the best before, noise 0.006: new best, verified.',
    );
    expect(cards[1].note).toContain('passed');
  });

  it('says when a result is held, how often inspect was used, and what a guard asks', async () => {
    const guarded = structuredClone(task);
    guarded.contract.guards.mcc = '>=0.7 and >=best ever-0.01';
    const source = { ...readSource(folderOf(lista.id)), sprint: { ...lista, outcome: 'held' as const } };
    const held = await composeReport(source, sprints, guarded, { ...profile, guards: {} });
    expect(JSON.stringify(of(held.blocks, 'title'))).toContain('"held: could not be confirmed"');
    expect(of(held.blocks, 'cards')[0].cards[1].note).toContain('guard ≥ 0.7 and ≥ best ever − 0.01 passed');
    const facts = (await compose({ ...lista, inspections: 4 })).blocks;
    expect(JSON.stringify(of(facts, 'facts'))).toContain("4, each on the judge's side");
    expect(JSON.stringify(of(held.blocks, 'facts'))).not.toContain('Looks by inspect');
  });

  it('speaks of parts and held-out rows where the world is rows, and of worlds elsewhere', async () => {
    const words = async (sprint: Sprint) => JSON.stringify((await compose(sprint)).blocks);
    const drawn = await words(confirmed(lista));
    expect(drawn).toContain('on secret worlds');
    expect(drawn).toContain('On the public world 0.872');
    const verdict = structuredClone(lista.verdict);
    if (verdict) verdict.world.kind = 'rows';
    const rows = await words({ ...confirmed(lista), verdict });
    expect(rows).toContain('on secret parts');
    expect(rows).toContain('On the public held-out rows 0.872');
    expect(rows).not.toMatch(/secret world|public world|fresh samples/);
  });

  it('says what the judge remarked', async () => {
    const verdict = lista.verdict && { ...lista.verdict, remarks: ['fits elsewhere'] };
    const { blocks } = await compose({ ...lista, verdict });
    expect(JSON.stringify(blocks)).toContain('fits elsewhere');
    expect(JSON.stringify((await compose(lista)).blocks)).not.toContain('Remark of the judge');
  });

  it('says when a guard failed', async () => {
    const verdict = structuredClone(lista.verdict);
    if (verdict) verdict.metrics.uniqueness = 0.2;
    const { blocks } = await compose({ ...lista, outcome: 'degenerate', verdict });
    expect(of(blocks, 'cards')[0].cards[1]).toMatchObject({
      label: 'Uniqueness',
      note: expect.stringContaining('FAILED'),
    });
  });

  it('puts predicted, claimed and verified side by side, and both forms', async () => {
    const [table] = of((await compose(lista)).blocks, 'table');
    expect(table.rows.map((row) => plain(row.cells[0]))).toEqual([
      'Predicted before the runs',
      'Claimed by the trainer',
      'Measured on the last snapshot, 10k samples',
      'Verified by the judge, seed 0 (decides)',
      'Verified, inference form',
      'Best before',
      'Verified, against the best before',
    ]);
    expect(table.head.map(plain).slice(0, 3)).toEqual(['Whose word', 'F1', 'MCC']);
    expect(table.rows.map((row) => plain(row.cells[1]))).toEqual([
      '0.860',
      '–',
      '0.867',
      '0.872',
      '0.864',
      '0.834',
      '+0.038',
    ]);
  });

  it('shows a verdict near the noise with the second seed and the mean of both', async () => {
    const { verdict, bestBefore } = lista;
    if (!verdict || !bestBefore) throw new Error('the fixture has both');
    const on = (f1: number) => ({ ...verdict, metrics: { ...verdict.metrics, f1 } });
    const repeat = { seed: 1, run: 'r', verdict: on(0.84), best: { run: 'b', verdict: on(0.838) } };
    const { blocks } = await compose({ ...lista, repeat });
    // 0.038 on the first seed, 0.002 on the second.
    expect(of(blocks, 'cards')[0].cards[0].note).toBe(
      '+0.038 to the best before, noise 0.006; near it, so with seed 1 too: +0.020 in the mean, noise 0.004',
    );
    const [table] = of(blocks, 'table');
    expect(table.rows.slice(-3).map((row) => row.cells.slice(0, 2).map(plain))).toEqual([
      ['Verified once more, on seed 1', '0.840'],
      ['Best before, on seed 1', '0.838'],
      ['Against the best, mean of both seeds (decides)', '+0.020'],
    ]);
    expect(JSON.stringify(table.caption)).toContain('the means of both seeds decide');
  });

  it('says in the words of the task which form decides', async () => {
    const forms = { deciding: 'training form (top k)', inference: 'inference form (thresholded)' };
    const worded = { ...task, contract: { ...task.contract, forms } };
    const source = { ...readSource(folderOf(lista.id)), sprint: lista };
    const [table] = of(
      (await composeReport(source, sprints, worded, profile, { simple: true })).blocks,
      'table',
    );
    expect(table.rows.map((row) => plain(row.cells[0])).slice(3, 5)).toEqual([
      'Verified by the judge, training form, seed 0 (decides)',
      'Verified, inference form',
    ]);
    expect(plain(table.caption?.c ?? [])).toContain(
      'The training form (top k) decides. Beside it: inference form (thresholded).',
    );
  });

  it('tells verified from measured runs, tints the candidate, and explains bad ends', async () => {
    const waiting = {
      ticket: 'queued-2',
      experiment: 'wide',
      samples: 512,
      seed: 3,
      settings: {},
      tree: 't',
    };
    const unstarted = [{ ...waiting, reason: 'not started: the sprint has ended' }];
    const { blocks } = await compose({ ...lista, unstarted });
    const tables = of(blocks, 'table');
    const [table] = tables.filter(({ head }) => plain(head[0]) === 'Run');
    expect(table.rows.map((row) => plain(row.cells[3]))).toEqual([
      'verified',
      'verified',
      'measured',
      'measured',
      'diverged',
      'verified',
    ]);
    expect(table.rows.map((row) => row.tone)).toEqual(['muted', 'best', 'plain', 'plain', 'plain', 'plain']);
    expect(JSON.stringify(table.rows[1].cells[4])).toContain('strong');
    expect(JSON.stringify(table.rows[2].cells[4])).toContain('"em"');
    expect(JSON.stringify(of(blocks, 'list'))).toContain('loss is NaN at step 921');
    expect(
      of(blocks, 'list')
        .map((list) => JSON.stringify(list))
        .join(),
    ).toMatch(/wide, 512 samples, seed 3.*not started.*: the sprint has ended/);
  });

  it('orders its parts, numbers its figures, and tells the caveat', async () => {
    const { blocks } = await compose(lista);
    expect(headings(blocks)).toEqual([
      'What changed against the best',
      'What we asked',
      'Results',
      'Where the project stands',
      'Next steps',
      'The researcher’s log',
      'The change',
      'Settings',
      'Provenance',
    ]);
    expect(of(blocks, 'figure').map((figure) => figure.caption?.label)).toEqual([
      'Figure 1.',
      'Figure 2.',
      'Figure 3.',
      'Figure 4.',
    ]);
    expect(JSON.stringify(blocks)).toContain(task.contract.caveat);
    const log = of(blocks, 'untrusted').map((block) => headings(block.c));
    expect(log).toContainEqual(['Idea', 'Motivation', 'Expectation']);
    expect(log).toContainEqual(['Log', 'Related work']);
  });

  it('knows only what was known then: no later sprint in its progress', async () => {
    const { blocks } = await compose(matryoshka);
    expect(JSON.stringify(blocks)).toContain('After 2 sprints');
    expect(JSON.stringify(of(blocks, 'figure'))).not.toContain('LISTA encoder');
    expect(JSON.stringify((await compose(sprints[0], true)).blocks)).toContain(
      'After 1 sprint, the best is F1 0.581',
    );
  });

  it('gives the speed of a run as a whole, by our clock, and none of one that did not finish', async () => {
    const made = of((await compose(lista, true)).blocks, 'table').at(-1);
    // 8,192,000 samples in 199.8 s, and 2,048,000 in 49.95 s.
    expect(made?.rows.map((row) => plain(row.cells[3]))).toEqual(['41k', '41k', '41k', '–', '41k']);
    const [first, ...others] = lista.runs;
    const slow = { ...lista, runs: [{ ...first, seconds: 409.6, samplesPerSecond: 99_999 }, ...others] };
    const table = of((await compose(slow, true)).blocks, 'table').at(-1);
    expect(plain(table?.rows[0].cells[3] ?? [])).toBe('20k');
  });

  it('stands without a verdict, and says that no model took part', async () => {
    const { blocks } = await compose(interrupted);
    const [title] = of(blocks, 'title');
    expect(title.badges.map((badge) => badge.v)).toEqual([
      'interrupted',
      'offline replay, no model',
      'sandbox off',
    ]);
    expect(of(blocks, 'cards')[0].cards[0]).toMatchObject({ value: '–', note: 'no candidate was judged' });
  });

  it('stands with nothing at all: no runs, no README, no profile', async () => {
    const bare: Sprint = { ...interrupted, runs: [], predicted: {}, bestBefore: null, next: null };
    const source = { dir: '/nowhere', sprint: bare, readme: null, patch: null };
    const { blocks } = await composeReport(source, [], task, null);
    expect(JSON.stringify(blocks)).toContain('No run was started');
  });

  it('names the branch, and the command that shows the commit', async () => {
    const source = { ...readSource(folderOf(lista.id)), sprint: lista };
    const { blocks } = await composeReport(source, sprints, task, profile, { branch: 'run/a', simple: true });
    expect(JSON.stringify(of(blocks, 'facts'))).toContain(
      `git log -1 --stat --full-diff --diff-filter=A run/a -- sprints/${lista.id}/sprint.json`,
    );
    expect(JSON.stringify((await compose(lista, true)).blocks)).not.toContain('git log');
  });

  it('draws and reads nothing when asked to be simple', async () => {
    const { blocks } = await compose(lista, true);
    expect(of(blocks, 'figure')).toEqual([]);
    expect(JSON.stringify(blocks)).toContain('## Motivation');
  });
});

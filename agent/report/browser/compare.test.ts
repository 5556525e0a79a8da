import { expect, it } from 'vitest';
import { confirmed } from '../fixtures/confirmed.ts';
import { sprints, task } from '../fixtures/load.ts';
import type { SprintDetail } from '../notebook/model.ts';
import { indexOf } from '../notebook/rows.ts';
import { compareHtml } from './compare.ts';
import { comparedOf, MOST_RUNS } from './compared.ts';

const index = indexOf(sprints, task, () => ({ commit: null, links: [] }));
const [, second, third] = sprints;
const ids = [third?.candidate ?? '', second?.candidate ?? ''];
const stated: SprintDetail['settings'] = {
  [ids[0] ?? '']: { values: { experiment: 'a', eta: '0.3' }, stated: true },
  [ids[1] ?? '']: { values: { experiment: 'a' }, stated: false },
};

async function open(id: string, change: Partial<SprintDetail> = {}): Promise<SprintDetail | null> {
  const sprint = sprints.find((each) => each.id === id);
  const nothing = {
    words: '',
    guards: [],
    patch: null,
    commit: null,
    links: [],
    settings: stated,
    files: {},
  };
  return sprint ? { sprint, ...nothing, ...change } : null;
}

const comparison = async (some: readonly string[], change: Partial<SprintDetail> = {}) =>
  compareHtml(await comparedOf(index, some, (id) => open(id, change)), index);

it('says of which runs the settings are not known', async () => {
  const html = await comparison(ids);
  expect(html).toContain('Of B only what was asked is known');
  expect(html.indexOf('Settings that differ')).toBeLessThan(html.indexOf('settings that all share'));
});

it('shows the numbers of two runs with their difference, the better one bold', async () => {
  const html = await comparison(ids);
  const cells = /<th scope="row">F1<\/th>(.*?)<\/tr>/.exec(html)?.[1]?.match(/<td[^>]*>.*?<\/td>/g);
  expect(cells?.map((cell) => cell.replace(/<\/?td[^>]*>/g, ''))).toEqual([
    '<strong>0.872</strong>',
    '0.834',
    '−0.038',
  ]);
  expect(html).toContain('B − A');
  const measured = index.runs.find(({ from }) => from === 'snapshot')?.id ?? '';
  const three = await comparison([...ids, measured]);
  expect(three).not.toContain('B − A');
  expect(three).toContain('In italics: C measured');
});

it('lays the curves of the runs over each other, the deciding metric first', async () => {
  const html = await comparison(ids);
  const [first = '', loss = ''] = html.match(/<svg class="chart".*?<\/svg>.*?<\/svg>/g) ?? [];
  expect(first).toContain('F1, measured on snapshots over training samples: A ends at 0.');
  expect(first.match(/class="line/g)).toHaveLength(2);
  expect(loss).toContain('Loss, logged by the trainer');
});

it('shows the means by group beside each other, the deciding metric first', async () => {
  const all = await comparedOf(index, ids, open);
  const withGroups = all.map((one, at) => ({
    ...one,
    run: {
      ...one.run,
      verdict: one.run.verdict && {
        ...one.run.verdict,
        groups: {
          'depth of the <x>': [
            { name: 'depth 0', count: 12, metrics: { recall: 0.5, f1: 0.9 + at / 20 } },
            ...(at === 0 ? [] : [{ name: 'depth 1', count: 116, metrics: { recall: 0.4, f1: 0.8 } }]),
          ],
        },
      },
    },
  }));
  const html = compareHtml(withGroups, index);
  const [, table = ''] = /<h3>F1 by depth of the &lt;x&gt;<\/h3>(.*?)<\/table>/s.exec(html) ?? [];
  const rows = [...table.matchAll(/<th scope="row">([^<]*)<\/th>(.*?)<\/tr>/g)].map(
    ([, name, cells = '']) => [
      name,
      ...cells.split('</td>').map((cell) => cell.replace(/<[^>]+>/g, '').trim()),
    ],
  );
  expect(rows).toEqual([
    ['depth 0', '0.900 of 12', '0.950 of 12', '+0.050', ''],
    ['depth 1', '–', '0.800 of 116', '–', ''],
  ]);
  expect(html.indexOf('Recall by depth')).toBeGreaterThan(html.indexOf('F1 by depth'));
  expect(compareHtml(all, index)).not.toContain(' by depth');
});

it('shows what secret worlds gave, where a candidate was tried there', async () => {
  const all = await comparedOf(index, ids, open);
  const html = compareHtml(
    all.map((one) => ({ ...one, detail: { ...one.detail, sprint: confirmed(one.detail.sprint) } })),
    index,
  );
  const cells = /<th scope="row">F1 on secret worlds<\/th>(.*?)<\/tr>/.exec(html)?.[1];
  expect(cells?.replace(/<[^>]+>/g, '|')).toBe('|0.860 ± 0.008||–||–|');
  expect(compareHtml(all, index)).not.toContain('secret worlds');
});

it('shows a patch with its lines marked, and leaves a long one to its file', async () => {
  const patch = {
    text: 'diff --git a/x b/x\n@@ -1 +1 @@\n-<old>\n+new\n',
    bytes: 50,
    href: 'x/change.patch',
  };
  const html = await comparison(ids, { patch });
  expect(html).toContain('<span class="remove">-&lt;old&gt;</span>');
  expect(html).toContain('<span class="head">diff --git a/x b/x</span>');
  expect(html).toMatch(/git diff 33cc44dd55ee \w+/);
  const long = await comparison(ids, { patch: { ...patch, text: null, bytes: 30_100 } });
  expect(long).toContain('Too long for this page: <a href="x/change.patch">change.patch</a> (31 KB)');
});

it('warns where runs do not compare, and marks none of them as better', async () => {
  const [a, b] = await comparedOf(index, ids, open);
  if (!a || !b) throw new Error('both runs are in the fixtures');
  const html = compareHtml([a, { ...b, board: { ...b.board, id: 'other' } }], index);
  expect(html).toContain('their numbers do not compare');
  expect(html).not.toContain('<strong>');
});

it('leaves out runs that the page does not have, and more than can be told apart', async () => {
  expect(await comparedOf(index, ['nothing', ...ids], open)).toHaveLength(2);
  const all = await comparedOf(
    index,
    index.runs.map(({ id }) => id),
    open,
  );
  expect(all).toHaveLength(Math.min(MOST_RUNS, index.runs.length));
  expect(all.map(({ letter }) => letter).join('')).toBe('ABCDEFGH'.slice(0, all.length));
});

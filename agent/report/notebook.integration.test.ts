import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BeganFrom } from '#contract/began-from';
import { confirmed } from './fixtures/confirmed.ts';
import { interrupted, lista, sprints, sprintsFolder, task } from './fixtures/load.ts';
import { manySprints } from './fixtures/many.ts';
import { type LiveState, type NotebookRequest, renderNotebook } from './notebook.ts';

let reportsDir: string;
beforeEach(() => {
  reportsDir = mkdtempSync(join(tmpdir(), 'notebook-'));
});
afterEach(() => rmSync(reportsDir, { recursive: true }));

const far = (done: number) => ({
  ...{ samples: done, totalSamples: 4e6, samplesPerSecond: 41_000, etaSeconds: 73 },
});
const live: LiveState = {
  sprints: [
    {
      ...{ number: 5, title: 'Sort <script>alert(1)</script>', openedAt: '2026-02-18T22:40:00Z' },
      doing: 'training',
      runs: [{ experiment: 'sorted', progress: far(1e6) }],
    },
  ],
  held: null,
  researcher: 'offline replay, no model',
  usdSpent: 3.84,
  usdLimit: 50,
  startedAt: '2026-02-18T20:40:00Z',
};

async function notebook(state: LiveState | null, of = sprints, given: Partial<NotebookRequest> = {}) {
  const places = { reportsDir, sprintsDir: sprintsFolder, runsDir: join(reportsDir, 'runs') };
  const page = await renderNotebook({ sprints: of, live: state, task, ...places, ...given });
  return readFileSync(page, 'utf8');
}

it('says that a loop is paused', async () => {
  expect(await notebook(live)).toContain('>running<');
  const html = await notebook({ ...live, paused: true, held: 'paused since 22:50' });
  expect(html).toContain('>paused<');
  expect(html).not.toContain('>running<');
});

it('reloads itself only while a loop runs, without its script too', async () => {
  const running = await notebook(live);
  expect(running).toContain('<noscript><meta http-equiv="refresh" content="15"></noscript>');
  expect(running).toContain('<body data-refresh="15">');
  const ended = await notebook(null);
  expect(ended).not.toContain('http-equiv="refresh"');
  expect(ended).not.toContain('data-refresh="');
});

it('lists runs that belong to no sprint, also where there is no sprint', async () => {
  const [run] = lista.runs;
  const known = {
    run: { ...run, id: 'by-<b>hand</b>', verdict: null },
    profile: 'small',
    sprint: null,
    time: null,
  };
  const html = await notebook(null, [], { byHand: [known] });
  expect(html).toContain('<h2>Runs by hand</h2>');
  expect(html).toContain('<td>by-&lt;b&gt;hand&lt;/b&gt;</td>');
  expect(html).toMatch(/<td class="right">0\.\d{3}<\/td>.*<td>measured<\/td>/);
  expect(await notebook(null, [], { byHand: [{ ...known, run }] })).toContain('<td>verified</td>');
  const many = await notebook(null, sprints, { byHand: Array(51).fill(known) });
  expect(many).toContain('1 earlier ones: <code>npm run runs</code>');
  expect(await notebook(null)).not.toContain('Runs by hand');
});

it('shows what runs now, as text', async () => {
  const html = await notebook(live);
  expect(html).toContain('Sprint 5: Sort &lt;script&gt;');
  expect(html).toContain('width:25.0%');
  expect(html).toContain('$3.84 of $50.00 spent');
  expect(html).not.toContain('side by side');
});

it('shows the sprint of each researcher with its stage and its runs', async () => {
  const openedAt = '2026-02-18T22:40:00Z';
  const html = await notebook({
    ...live,
    sprints: [
      ...live.sprints,
      {
        ...{ number: 6, title: 'Ties', openedAt, doing: 'training' },
        runs: [
          { experiment: 'tied', progress: far(2e6) },
          { experiment: 'loose', progress: null },
          { experiment: 'late', progress: null, waits: 'Priority <b>' },
        ],
      },
      { number: 7, title: null, openedAt, doing: 'thinking', runs: [] },
    ],
  });
  const [, part = ''] = /<section class="live">(.*?)<\/section>/s.exec(html) ?? [];
  expect(part).toContain('3 sprints side by side');
  const lanes = [...part.matchAll(/<li>(.*?)<\/li>/gs)].map(([, lane = '']) => lane);
  expect(lanes.map((lane) => [...lane.matchAll(/width:([\d.]+)%/g)].map(([, share]) => share))).toEqual([
    ['25.0'],
    ['50.0'],
    [],
  ]);
  expect(lanes[0]).toContain('Sprint 5: Sort &lt;script&gt;');
  expect(lanes[1]).toMatch(/Sprint 6: Ties.*loose: starting.*late: in the queue, Priority &lt;b&gt;/s);
  expect(lanes[2]).toMatch(/Sprint 7: not claimed yet.*thinking/s);
});

it('has a line a sprint without its script: the best first, then the newest', async () => {
  writeFileSync(join(reportsDir, `${lista.id}.html`), '');
  const html = await notebook(null);
  const numbers = [...html.matchAll(/<tr[^>]*><td[^>]*data-key="number"[^>]*>(\d)<\/td>/g)].map(
    (match) => match[1],
  );
  expect(numbers).toEqual(['3', '4', '2', '1']);
  // A title leads to its report where there is one, and to its log where there is none.
  expect(html).toContain(`<a href="${lista.id}.html">LISTA encoder: one refinement step</a>`);
  expect(html).toMatch(/<a href="[^"]*term-tilt\/README\.md">/);
});

it('begins with what a person wants to know in the morning', async () => {
  const stopped = { reason: 'the limit of 50 USD is reached', at: '2026-02-19T06:00:00Z' };
  const html = await notebook(null, sprints, { stopped });
  const lines = [...html.matchAll(/<dt>([^<]*)<\/dt><dd>(.*?)<\/dd>/gs)];
  const said = Object.fromEntries(
    lines.map(([, name = '', text = '']) => [name, text.replace(/<[^>]+>/g, '')]),
  );
  expect(said).toMatchObject({
    'How far': expect.stringMatching(
      /^F1 0\.872, from 0\.\d+ at first: \+0\.\d+, in 4 sprints .* ceiling of 0\.95/,
    ),
    'By which ideas': expect.stringContaining('LISTA encoder: one refinement step +0.038'),
    'How sure': expect.stringMatching(/6\.3 times the noise of 0\.006.*One seed.*npm run reproduce -- /),
    'At what cost': expect.stringMatching(/^\$[\d.]+, .* a gain; .* of training/),
    'Why it stopped': expect.stringMatching(/^The loop: the limit of 50 USD is reached\. Sprint 4: /),
    'What next': expect.stringContaining('npm run loop'),
  });
  expect(await notebook(live)).not.toContain('Why it stopped');
});

it('says of each run branch why it stopped and what is next, where there are several', async () => {
  const branches = ['run/a', 'run/b', 'run/b', 'run/a'];
  const commits = new Map(sprints.map(({ id }, at) => [id, { hash: 'x', branch: branches[at] ?? null }]));
  const plain = sprints.map((sprint) => ({ ...sprint, next: `Plan <b>${sprint.number}` }));
  const html = await notebook(null, plain, { commits });
  const [, stopped = ''] = /<dt>Why it stopped<\/dt><dd>(.*?)<\/dd>/s.exec(html) ?? [];
  expect(stopped).toMatch(/^<p><code>run\/b<\/code> Sprint 3: .*<p><code>run\/a<\/code> Sprint 4: /);
  const [, next = ''] = /<dt>What next<\/dt><dd>(.*?)<\/dd>/s.exec(html) ?? [];
  expect(next).toMatch(/run\/b<\/code> .*Plan &lt;b&gt;3.*run\/a<\/code> .*Plan &lt;b&gt;4.*--new --start/);
  const one = new Map(sprints.map(({ id }) => [id, { hash: 'x', branch: 'run/a' }]));
  expect(await notebook(null, plain, { commits: one })).not.toContain('<p><code>run/a</code>');
});

it('says from where the night began, and that those numbers are of another ledger', async () => {
  const began: BeganFrom = {
    ...{ version: 1, branch: 'run/b', from: 'run/a (1234567ab)', run: null, confirmed: null },
    sprint: { number: 7, title: '<i>Wider', outcome: 'new-best', leaderboard: 'other', metric: 'f1' },
    metrics: { f1: 0.8, mcc: 0.7 },
  };
  const html = await notebook(null, sprints, { began: [began] });
  const [, said = ''] = /<dt>Began from<\/dt><dd>(.*?)<\/dd>/s.exec(html) ?? [];
  expect(said.replace(/<[^>]+>/g, '')).toBe(
    'run/a (1234567ab), sprint 7: f1 0.8 verified “&lt;i&gt;Wider”. These numbers are of another ledger and under other rules, so they do not compare; here the first verified result is the first best.',
  );
  expect(await notebook(null)).not.toContain('Began from');
});

it('says how sure the best is by what secret worlds gave', async () => {
  const html = await notebook(null, sprints.map(confirmed));
  expect(html).toContain(
    'F1 0.860 ± 0.008 on secret worlds (+0.030 ± 0.004 to the best on 3 secret worlds, 0.010 needed).',
  );
  expect(html).not.toContain('npm run reproduce');
  expect(html).toContain('60 s of confirming');
});

it('runs its own script and no other, whatever was written into a sprint', async () => {
  const forged = {
    ...lista,
    title: '</script><script>alert(1)</script>',
    next: '<img src=x onerror=alert(1)>',
  };
  const html = await notebook(null, [...sprints.slice(0, 2), forged]);
  const scripts = [...html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)];
  const [own, ...others] = scripts.filter(([, attributes]) => !attributes?.includes('application/gzip'));
  expect(others).toEqual([]);
  const hash = createHash('sha256')
    .update(own?.[2] ?? '')
    .digest('base64');
  expect(html).toContain(`font-src data:; script-src 'sha256-${hash}'">`);
  expect(scripts.filter(([, attributes]) => attributes?.includes('application/gzip'))).toHaveLength(1 + 3);
  expect(html).not.toContain('<img');
});

it('holds 200 sprints of 40 KB each in less than 5 MB, drawn in time that grows as they do', async () => {
  const many = manySprints(200);
  expect(Math.min(...many.map((sprint) => JSON.stringify(sprint, null, 1).length))).toBeGreaterThan(40_000);
  const drawn = async (count: number) => {
    const before = process.cpuUsage();
    const html = await notebook(
      null,
      many.slice(0, count).map((sprint) => ({ ...sprint })),
    );
    const { user, system } = process.cpuUsage(before);
    return { bytes: html.length, time: user + system };
  };
  await drawn(200); // Fonts and plotting are loaded once.
  // In turn, and of each the best: other tests run beside this one, in this process too.
  const [fewer, all] = [[] as number[], [] as number[]];
  for (let i = 0; i < 4; i++) {
    fewer.push((await drawn(50)).time);
    const { bytes, time } = await drawn(200);
    expect(bytes).toBeLessThan(5_000_000);
    all.push(time);
  }
  // Four times as many, so sixteen times the time where it grew by the square.
  expect(Math.min(...all) / Math.min(...fewer)).toBeLessThan(8);
});

it('says why sprints ran without a sandbox, each reason once, and nothing when all had one', async () => {
  const off = 'off (offline replay, our own code)';
  const html = await notebook(
    null,
    sprints.map((sprint) => ({ ...sprint, sandbox: off })),
  );
  expect(html.match(/sandbox off \(offline replay, our own code\)/g)).toHaveLength(1);
  const boxed = sprints.map((sprint) => ({ ...sprint, sandbox: 'bubblewrap' }));
  expect(await notebook(null, boxed)).not.toContain('sandbox off');
});

it('never mixes leaderboards, and stands without any sprint', async () => {
  const other = { ...interrupted, leaderboard: 'other', profile: '16k', number: 9 };
  const html = await notebook(null, [...sprints, other]);
  expect(html.indexOf('Profile 16k')).toBeGreaterThan(0);
  expect(html.indexOf('Profile 16k')).toBeLessThan(html.indexOf('Profile small'));
  expect(html).toContain('No verified gain yet, in 1 sprint.');
  expect(await notebook(null, [])).toContain('No sprint is closed yet.');
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { interrupted, lista, sprints, task } from './fixtures/load.ts';
import { type LiveState, renderNotebook } from './notebook.ts';

let reportsDir: string;
beforeEach(() => {
  reportsDir = mkdtempSync(join(tmpdir(), 'notebook-'));
});
afterEach(() => rmSync(reportsDir, { recursive: true }));

const live: LiveState = {
  sprint: { number: 5, title: 'Sort <script>alert(1)</script>', openedAt: '2026-02-18T22:40:00Z' },
  doing: 'training',
  run: { experiment: 'sorted', samples: 1e6, totalSamples: 4e6, samplesPerSecond: 41_000, etaSeconds: 73 },
  researcher: 'offline replay, no model',
  usdSpent: 3.84,
  usdLimit: 50,
  startedAt: '2026-02-18T20:40:00Z',
};

async function notebook(state: LiveState | null, of = sprints) {
  return readFileSync(await renderNotebook({ sprints: of, live: state, reportsDir, task }), 'utf8');
}

it('says that a loop is paused', async () => {
  expect(await notebook(live)).toContain('>running<');
  const html = await notebook({ ...live, paused: true, doing: 'paused since 22:50' });
  expect(html).toContain('>paused<');
  expect(html).not.toContain('>running<');
});

it('reloads itself only while a loop runs', async () => {
  expect(await notebook(live)).toContain('http-equiv="refresh" content="15"');
  expect(await notebook(null)).not.toContain('http-equiv="refresh"');
});

it('shows what runs now, as text', async () => {
  const html = await notebook(live);
  expect(html).toContain('Sprint 5: Sort &lt;script&gt;');
  expect(html).toContain('width:25.0%');
  expect(html).toContain('$3.84 of $50.00 spent');
});

it('has a line a sprint, the newest first, and links only to what is there', async () => {
  writeFileSync(join(reportsDir, `${lista.id}.html`), '');
  const html = await notebook(null);
  const titles = [...html.matchAll(/<tr[^>]*><td class="right">(\d)<\/td>/g)].map((match) => match[1]);
  expect(titles).toEqual(['4', '3', '2', '1']);
  expect(html.match(/<a href/g)).toHaveLength(1);
  expect(html).toContain('Best: F1 <strong>0.872</strong>, sprint 3');
  expect(html).toContain('A gain counts if it is larger than the noise of 0.006');
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
  expect(html).toContain('No verified gain yet.');
  expect(await notebook(null, [])).toContain('No sprint is closed yet.');
});

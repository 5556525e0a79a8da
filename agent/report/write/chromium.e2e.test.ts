import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';
import { expect, it } from 'vitest';
import { composeReport } from '../compose/report.ts';
import { readSource } from '../compose/source.ts';
import { chromium } from '../fixtures/chromium.ts';
import { folderOf, lista, profile, sprints, task } from '../fixtures/load.ts';
import { writeHtml } from './html.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// Each of these is wider than a phone.
const wide = ['a', 'b', '-', '1'].map((cell) => `|${`${cell.repeat(12)}|`.repeat(12)}`);
const README = `## Idea\n\n${[wide[0], `|${'-|'.repeat(12)}`, wide[3]].join('\n')}\n\n\`\`\`\n${'x'.repeat(400)}\n\`\`\``;

it.skipIf(!chromium)(
  'a report has nothing serious for axe, on a phone and a desktop, light and dark',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'report-page-'));
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
    const browser = await puppeteer.launch({ executablePath: chromium as string, args });
    try {
      const source = { ...readSource(folderOf(lista.id)), readme: README };
      const file = join(dir, 'report.html');
      writeFileSync(file, await writeHtml(await composeReport(source, sprints, task, profile)));
      const page = await browser.newPage();
      const said: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      for (const width of [390, 1280]) {
        for (const value of ['light', 'dark']) {
          await page.setViewport({ width, height: 800 });
          await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
          await page.goto(pathToFileURL(file).href);
          const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          await page.evaluate(axe);
          const found = await page.evaluate(async () => {
            const all = (await (window as unknown as { axe: typeof import('axe-core') }).axe.run())
              .violations;
            return all.map(({ id, impact, nodes }) => ({ id, impact, at: nodes[0]?.html.slice(0, 200) }));
          });
          const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
          expect([width, value, beyond, serious, said]).toEqual([width, value, 0, [], []]);
          // No plot scrolls sideways or is too small to read. Several panels stand below each other there.
          const plots = await page.$$eval('.panels', (all) =>
            all
              .filter((each) => each.checkVisibility())
              .map((each) => {
                const heights = [...each.querySelectorAll('text')].map(
                  (letters) => letters.getBoundingClientRect().height,
                );
                return [each.className, each.scrollWidth - each.clientWidth, Math.min(...heights) >= 11];
              }),
          );
          const alone = width > 1000 ? 'panels wide' : 'panels phone';
          const names = [alone, 'panels', 'panels', alone];
          expect(plots).toEqual(names.map((name) => [name, 0, true]));
          // On a desktop the table of all runs shows all of its columns.
          const cut = await page.evaluate(() => {
            const wide = [...document.querySelectorAll('.scroll:has(table.wide .run, table.wide .best)')];
            return wide.map((table) => table.scrollWidth - table.clientWidth);
          });
          if (width > 1000) expect(cut).toEqual([0]);
        }
      }
    } finally {
      await browser.close();
      rmSync(dir, { recursive: true, force: true });
    }
  },
);

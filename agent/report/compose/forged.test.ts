import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleNote } from '../../fixtures/examples.ts';
import type { Block } from '../document/tree.ts';
import { lista, profile, sprints, task } from '../fixtures/load.ts';
import { writeHtml } from '../write/html.ts';
import { writeMarkdown } from '../write/markdown.ts';
import { composeReport } from './report.ts';
import { readSource } from './source.ts';

// What a researcher writes that wants to be read as the judge.
const FORGED = 'FORGED: verified F1 0.999, +0.5 to the best before';
const words = `**In short: ${FORGED}**\n\n<p class="callout good">${FORGED}</p>\n\n> [!NOTE]\n> ${FORGED}\n\n# Results ${FORGED}`;
const loud = '\x1b]0;owned\x07\x1b[2J\x1b[31m';

/** The report of a sprint folder as a researcher would like to leave it. */
const forged = () => {
  const sprint = {
    ...lista,
    title: `A title${loud}\nVerdict: new-best`,
    summary: words,
    idea: words,
    next: words,
    said: [{ at: '2026-02-18T21:40:00Z', text: `${FORGED}${loud}` }],
    notes: [exampleNote({ sprint: lista.id, text: `${FORGED}${loud}` })],
    stopReason: `done${loud}`,
  };
  const dir = mkdtempSync(join(tmpdir(), 'forged-'));
  const put = (name: string, text: string) => writeFileSync(join(dir, name), text);
  put('sprint.json', JSON.stringify(sprint));
  put('README.md', `# Title\n\n## Log\n\n${words}${loud}`);
  put('change.patch', `diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n+${loud}\n`);
  return composeReport(readSource(dir), sprints, task, profile);
};

it('no word of the researcher’s stands outside its frames, and its title is one line', async () => {
  const { blocks, title } = await forged();
  expect(JSON.stringify(blocks.filter(({ t }: Block) => t !== 'untrusted'))).not.toContain('FORGED');
  expect(blocks.filter(({ t }) => t === 'untrusted').length).toBeGreaterThan(3);
  expect(title).toBe(`Sprint ${lista.number}: A title Verdict: new-best`);
});

it('the frames are labelled and cannot be left, in Markdown and in HTML', async () => {
  const report = await forged();
  const markdown = writeMarkdown(report, '../sprints/x').split('\n');
  const lines = markdown.filter((line) => line.includes('FORGED'));
  expect(lines.length).toBeGreaterThan(8);
  expect(lines.filter((line) => !line.startsWith('> '))).toEqual([]);
  expect(markdown).toContain('> **In the words of the researcher:**');
  // What is ours is in no frame.
  expect(markdown.filter((line) => /^(> )?\*\*In short:\*\*/.test(line))).toEqual([
    expect.stringMatching(/^\*\*In short:\*\* \*\*Verified F1 0\.872/),
  ]);
  const html = await writeHtml(report);
  expect(html).toContain('<p class="whose">In the words of the researcher</p>');
  expect(html.replace(/<section class="theirs">[\s\S]*?<\/section>/g, '')).not.toContain('FORGED');
  expect(html).not.toContain('<p class="callout good">FORGED');
});

it('no control sequence is left anywhere', async () => {
  const report = await forged();
  const all = [JSON.stringify(report), writeMarkdown(report, '../sprints/x'), await writeHtml(report)].join(
    '',
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const left = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\\u001b|owned/.exec(all);
  expect(left && all.slice(left.index - 50, left.index + 50)).toBeNull();
});

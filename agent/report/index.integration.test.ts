import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderOf, lista, profile, sprints, task } from './fixtures/load.ts';
import { renderReport } from './index.ts';
import { type JobLine, renderJob } from './job.ts';

let base: string;
let sprintDir: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'report-'));
  sprintDir = join(base, 'sprints', lista.id);
  cpSync(folderOf(lista.id), sprintDir, { recursive: true });
});
afterEach(() => rmSync(base, { recursive: true }));

const request = () => ({ sprintDir, reportsDir: join(base, 'reports'), sprints, task, profile });
const names = ['md', 'html', 'pdf'].map((form) => `${lista.id}.${form}`);

describe('rendering a report in a child process', () => {
  it('leaves Markdown, HTML and PDF, whole, and nothing else', async () => {
    const report = await renderReport(request());
    expect(report.trouble).toBeNull();
    expect(report.files).toEqual(names.map((name) => join(base, 'reports', name)));
    expect(readdirSync(join(base, 'reports')).sort()).toEqual(names.toSorted());
    const pdf = readFileSync(report.files[2]);
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(50_000);
  });

  it('survives a README made to break it', async () => {
    const nasty = [
      `${'- x\n'.repeat(3)}${Array.from({ length: 50 }, (_, i) => `${'  '.repeat(i)}- ${i}`).join('\n')}`,
      `| a |\n| --- |\n${'| 1 |\n'.repeat(5000)}`,
      'W'.repeat(20_000),
      '![broken](broken.png) ![gone](gone.png)',
      '漢字 かな 한글 😀 👩‍👩‍👧 ∮ ⊗ 𝔽 \u202e reversed',
      '#let x = read("/etc/passwd")',
      `$$${'\\frac{1}{'.repeat(60)}x${'}'.repeat(60)}$$`,
      '```\nno end',
    ];
    writeFileSync(join(sprintDir, 'README.md'), nasty.join('\n\n'));
    writeFileSync(join(sprintDir, 'broken.png'), Buffer.from('89504e470d0a1a0a00', 'hex'));
    const report = await renderReport(request());
    expect(report.trouble).toBeNull();
    expect(report.files).toHaveLength(3);
  });

  it('ends a renderer that takes too long, tells it, and throws nothing', async () => {
    const report = await renderReport({ ...request(), timeout: 0.02 });
    expect(report.files).toEqual([]);
    expect(report.trouble).toContain('took longer than 0.02 s');
    expect(report.trouble).toContain('plain-text renderer');
  });

  it('keeps Markdown and HTML when the PDF cannot be written', async () => {
    mkdirSync(join(base, 'reports', `${lista.id}.pdf`), { recursive: true });
    const report = await renderReport(request());
    expect(report.files.map((file) => file.split('.').at(-1))).toEqual(['md', 'html']);
    expect(report.trouble).toContain('no PDF');
  });

  it('refuses a folder that is no closed sprint, and writes nothing', async () => {
    rmSync(join(sprintDir, 'sprint.json'));
    await expect(renderReport(request())).rejects.toThrow(/sprint\.json: not found/);
    writeFileSync(join(sprintDir, 'sprint.json'), '{"version": 1}');
    await expect(renderReport(request())).rejects.toThrow(/sprint\.json/);
    expect(existsSync(join(base, 'reports'))).toBe(false);
  });
});

it('makes the asked forms, as plain text when asked to be simple', async () => {
  const lines: JobLine[] = [];
  await renderJob({ ...request(), forms: ['md', 'pdf'], simple: true }, (line) => lines.push(line));
  expect(lines).toEqual([names[0], names[2]].map((name) => ({ file: join(base, 'reports', name) })));
});

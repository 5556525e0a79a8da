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
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderOf, lista, profile, sprints, task } from './fixtures/load.ts';
import { renderReport } from './index.ts';
import { type JobLine, type RenderJob, renderJob } from './job.ts';

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

  it('loses a plot and a picture that never end, and nothing else', async () => {
    const endless = {
      data: { values: [{ a: 1 }, { a: 2 }] },
      transform: [{ density: 'a', steps: 1e8 }],
      mark: 'line',
      encoding: { x: { field: 'value', type: 'quantitative' } },
    };
    const fine = { data: { values: [{ a: 1 }] }, mark: 'point', encoding: { x: { field: 'a' } } };
    const fence = (spec: object) => `\`\`\`vega-lite\n${JSON.stringify(spec)}\n\`\`\``;
    writeFileSync(
      join(sprintDir, 'README.md'),
      `# x\n\n${fence(endless)}\n\n${fence(fine)}\n\n$x^2$ at the end`,
    );
    const report = await renderReport(request());
    expect(report.trouble).toBeNull();
    const [markdown, html] = report.files.map((file) => readFileSync(file, 'utf8'));
    expect(markdown.match(/Picture not shown/g)).toHaveLength(1);
    // Which limit it meets first depends on the machine and on Node.
    expect(markdown).toMatch(/it (takes longer than 5 s|needs more than \d+ MB) to draw/);
    expect(markdown).toContain('plot of the researcher (drawn in the HTML and PDF)');
    expect(html).toContain('Training curves');
    expect(html).toContain('<math>');
  });

  it('takes little processor time', async () => {
    const job: RenderJob = { ...request(), branch: null, forms: ['md', 'html', 'pdf'], simple: false };
    const renderer = ['../../host/start.mjs', './child.ts'].map((path) =>
      fileURLToPath(new URL(path, import.meta.url)),
    );
    const script = 'TIMEFORMAT="%U %S"; time "$0" "$@" >&2';
    const { stderr } = await execa('bash', ['-c', script, process.execPath, ...renderer], {
      input: JSON.stringify(job),
    });
    const [user = 0, system = 0] = (stderr.split('\n').at(-1) ?? '').split(' ').map(Number);
    // Two seconds when the machine is quiet. One that shares its cores counts up to twice as many.
    expect(user + system).toBeGreaterThan(0.1);
    expect(user + system).toBeLessThan(5);
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
  await renderJob({ ...request(), branch: null, forms: ['md', 'pdf'], simple: true }, (line) =>
    lines.push(line),
  );
  expect(lines).toEqual([names[0], names[2]].map((name) => ({ file: join(base, 'reports', name) })));
});

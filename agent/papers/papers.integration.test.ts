import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { noSandbox } from '#host/sandbox';
import { paperTextsDir } from '../common/paths.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { bombOf, pdfOf } from './fixtures/pdf.ts';
import { papersInWords, paperTroubles, readPapers } from './papers.ts';

const { signal } = new AbortController();
const here = join(import.meta.dirname, '../..');

/** A checkout with these papers. */
function checkout(papers: Record<string, string | Buffer>): string {
  const repo = emptyFolder();
  for (const [name, content] of Object.entries(papers)) {
    mkdirSync(dirname(join(repo, 'papers', name)), { recursive: true });
    writeFileSync(join(repo, 'papers', name), content);
  }
  return repo;
}
const reading = (repo: string, more: Partial<Parameters<typeof readPapers>[0]> = {}) =>
  readPapers({ repo, sandbox: noSandbox('test'), signal, ...more });
const most = { seconds: 120, memory: 2 ** 30, chars: 10_000 };

it('gives PDFs, Markdown and text as text, each with title and size, and nothing else', async () => {
  const repo = checkout({
    'a.pdf': pdfOf(['Sparse codes\nof features', 'A second (page)'], { title: 'On features' }),
    'deep/Notes on k.md': '\x1b]0;owned\x07# What k does\n\nIt fires.\n',
    'plain.TXT': 'First line.\nSecond.',
    'picture.png': 'no',
    '.hidden.md': 'no',
  });
  symlinkSync('/nowhere', join(repo, 'papers', 'dangling.md'));
  // In the sandbox where there is one: it has to show the reader its own program.
  const tried = await tryBubblewrap(here);
  const papers = await reading(repo, tried.ok ? { sandbox: tried.sandbox } : {});
  expect(papers).toMatchObject([
    { file: 'a.pdf', title: 'On features', pages: 2, cut: null, trouble: null },
    { file: 'deep/Notes on k.md', title: 'What k does', pages: null },
    { file: 'plain.TXT', title: 'First line.' },
  ]);
  const text = (n: number) => readFileSync(join(paperTextsDir(repo), papers[n]?.text ?? ''), 'utf8');
  expect(text(0)).toBe('[page 1]\nSparse codes\nof features\n\n[page 2]\nA second (page)\n');
  expect(text(1)).toBe('# What k does\n\nIt fires.\n');
  const words = papersInWords(papers, repo);
  expect(words).toMatch(
    /^- checkpoints\/papers\/a-[0-9a-f]{8}\.txt: "On features" \(a\.pdf; 2 pages, \d+ characters\)$/m,
  );
  expect(words).toContain('not instructions');
  expect(paperTroubles(papers)).toEqual([]);
});

it('reads a paper once, again where it was changed, and forgets one that is gone', async () => {
  const repo = checkout({ 'a.pdf': pdfOf(['One.']), 'b.md': 'Two.' });
  const told: string[] = [];
  const tell = (text: string) => told.push(text);
  const first = await reading(repo, { tell });
  expect(await reading(repo, { tell })).toEqual(first);
  expect(told).toEqual(['reading 2 papers of papers/']);
  writeFileSync(join(repo, 'papers/b.md'), 'Three.');
  rmSync(join(repo, 'papers/a.pdf'));
  const [paper, ...rest] = await reading(repo, { tell });
  expect([paper?.title, rest, told.length]).toEqual(['Three.', [], 2]);
  expect(readdirSync(paperTextsDir(repo))).toHaveLength(2);
});

it('says in a line why a paper has no text, or how much of it', async () => {
  const repo = checkout({
    'broken.pdf': 'This is no PDF.',
    'empty.md': ' \n',
    'locked.pdf': pdfOf(['Secret.'], { encrypted: true }),
    'long.pdf': pdfOf(Array.from({ length: 30 }, () => 'x'.repeat(60).concat('\n').repeat(20))),
    'scanned.pdf': pdfOf(['', '']),
  });
  const papers = await reading(repo, { most });
  expect(paperTroubles(papers)).toEqual([
    'papers/broken.pdf is not given to the researcher: it is broken, or is no PDF',
    'papers/empty.md is not given to the researcher: it is empty',
    'papers/locked.pdf is not given to the researcher: it is encrypted',
    'papers/long.pdf is long; the researcher is given only pages 1 to 9 of 30',
    'papers/scanned.pdf is not given to the researcher: it has no text; its pages may be scanned pictures',
  ]);
  const words = papersInWords(papers, repo);
  expect(words).toContain('long.pdf; 30 pages, 10000 characters, only pages 1 to 9 of 30)');
  expect(words.match(/^- /gm)).toHaveLength(1);
});

it('ends a reader that takes too long, or too much memory', async () => {
  const repo = checkout({ 'bomb.pdf': bombOf(500_000_000) });
  expect(paperTroubles(await reading(repo, { most: { ...most, memory: 200 * 2 ** 20 } }))).toEqual([
    expect.stringMatching(/it takes too much memory to read|its reader ended without an answer/),
  ]);
  writeFileSync(join(repo, 'papers/bomb.pdf'), pdfOf(['Fine.']));
  expect(paperTroubles(await reading(repo, { most: { ...most, seconds: 0.01 } }))).toEqual([
    'papers/bomb.pdf is not given to the researcher: it takes longer than 0.01 s to read',
  ]);
});

it('a checkout without papers has none, and gets no folder', async () => {
  const repo = emptyFolder();
  expect(await reading(repo)).toEqual([]);
  expect(existsSync(paperTextsDir(repo))).toBe(false);
  expect(papersInWords([], repo)).toBe('');
});

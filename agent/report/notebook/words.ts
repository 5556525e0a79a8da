import { join, relative } from 'node:path';
import type { Sprint } from '#contract/sprint';
import { clip } from '../document/names.ts';
import { type Block, em, para, strong, text, theirs } from '../document/tree.ts';
import { changeAll, linkFiles } from '../document/walk.ts';
import { fileFinder } from '../markdown/files.ts';
import { parseMarkdown } from '../markdown/parse.ts';
import { block } from '../write/html.ts';
import type { Places } from './files.ts';

/** Letters of one text that are shown; the record has all. */
const MOST = 4000;

/**
 * What the researcher wrote of its sprint, as HTML in a frame of its own: its Markdown passes the checks and
 * the allow-list of the reports. Pictures stand in the report alone. Empty where it wrote nothing.
 */
export async function wordsOf(sprint: Sprint, places: Places): Promise<string> {
  const texts: [string, string | null][] = [
    ['Idea', sprint.idea],
    ['Summary', sprint.summary],
    ['Next', sprint.next],
  ];
  const blocks: Block[] = [];
  for (const [name, words] of texts)
    if (words?.trim()) blocks.push(para(strong(name)), ...(await read(words.trim(), sprint.id, places)));
  for (const { text: hint, why } of sprint.hintAnswers ?? [])
    blocks.push(para(strong(`On the hint “${clip(hint, 100)}”`)), para(text(why)));
  return blocks.length === 0 ? '' : block(theirs(blocks));
}

async function read(words: string, id: string, { sprintsDir, reportsDir }: Places): Promise<Block[]> {
  const missing = (what: string): Block & { t: 'missing' } => ({
    ...{ t: 'missing', what, why: 'the report has it' },
  });
  const files = sprintsDir === undefined ? undefined : fileFinder(join(sprintsDir, id));
  const read = await parseMarkdown(clip(words, MOST), (href, alt) => missing(alt || clip(href, 120)), {
    files,
    plots: async () => missing('a vega-lite plot'),
  });
  // The headings of the page are ours.
  const flat = changeAll(read, (one) => (one.t === 'heading' ? para({ t: 'strong', c: one.c }) : one));
  const root = sprintsDir === undefined ? '' : relative(reportsDir, join(sprintsDir, '..'));
  const more = [...words].length > MOST ? [para(em('sprint.json has all of this text.'))] : [];
  return [...linkFiles(flat, root), ...more];
}

/** The letters of all formulas in a text, as one formula: by it a page knows which font it needs. */
export function formulasIn(html: string): string {
  const found = [...html.matchAll(/<math[\s>].*?<\/math>/gs)].map(([formula]) =>
    formula.replace(/<[^>]*>/g, ''),
  );
  return found.length === 0 ? '' : `<math>${[...new Set(found.join(''))].join('')}</math>`;
}

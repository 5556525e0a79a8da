import { expect, it } from 'vitest';
import type { Block } from '../document/tree.ts';
import { parseMarkdown } from '../markdown/parse.ts';
import { splitLog } from './split.ts';

async function split(source: string) {
  const blocks = await parseMarkdown(source, (href) => ({ t: 'missing', what: href, why: '' }));
  const shown = (some: Block[]) =>
    some.map((block) => (block.t === 'heading' ? `${block.level} ${JSON.stringify(block.c)}` : block.t));
  const { asked, log } = splitLog(blocks);
  return { asked: shown(asked).join('; '), log: shown(log).join('; ') };
}

it.each([
  ['a title of level 1', '# Title\n\n## Idea\n\nwhy\n\n## Log\n\ndone'],
  ['a title underlined', 'Title\n=====\n\nIdea\n----\n\nwhy\n\nLog\n---\n\ndone'],
  ['a title of level 2', '## Title\n\n### Idea\n\nwhy\n\n### Log\n\ndone'],
  ['no title, level 2', '## Idea\n\nwhy\n\n## Log\n\ndone'],
  ['no title, level 1', '# Idea\n\nwhy\n\n# Log\n\ndone'],
  ['no title, level 3', '### Idea\n\nwhy\n\n### Log\n\ndone'],
  ['a comment before the title', '<!-- by the researcher -->\n\n# Title\n\n## Idea\n\nwhy\n\n## Log\n\ndone'],
])('splits a README with %s', async (_, source) => {
  const { asked, log } = await split(source);
  expect(asked).toMatch(/^2 \[.*Idea.*\]; para$/);
  expect(log).toMatch(/^2 \[.*Log.*\]; para$/);
});

it('keeps front matter, and not as a heading', async () => {
  const { asked, log } = await split(
    '---\ntitle: x\ntags: [a]\n---\n\n# Title\n\n## Idea\n\nwhy\n\n## Log\n\ndone',
  );
  expect(asked).toMatch(/^code; 2 \[.*Idea.*\]; para$/);
  expect(log).toMatch(/^2 \[.*Log/);
});

it('takes a text without headings as the question', async () => {
  expect(await split('just words')).toEqual({ asked: 'para', log: '' });
  expect(await split('')).toEqual({ asked: '', log: '' });
});

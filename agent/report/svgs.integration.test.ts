import { expect, it } from 'vitest';
import type { Block, Report } from './document/tree.ts';
import { withoutBadSvgs } from './svgs.ts';

let count = 0;
const svg = (inner: string): Block => {
  const bytes = `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="2000">${inner}</svg>`;
  const base64 = Buffer.from(bytes).toString('base64');
  const picture = { kind: 'file' as const, name: `${count++}.svg`, mime: 'image/svg+xml' as const, base64 };
  return { t: 'figure', picture, alt: 'a picture', caption: null };
};
const clouds = '<feTurbulence numOctaves="60" baseFrequency="0.1"/>'.repeat(20);

it('leaves out an SVG that cannot be drawn in five seconds, and keeps the others, in lists too', async () => {
  const good = svg('<rect width="3" height="3"/>');
  const bad = svg(`<filter id="f">${clouds}</filter><rect width="2000" height="2000" filter="url(#f)"/>`);
  const broken = svg('<unclosed');
  const report: Report = {
    ...{ title: '', left: '', right: '', foot: '', date: '' },
    blocks: [
      good,
      { t: 'untrusted', label: 'x', c: [{ t: 'list', ordered: false, start: 1, items: [] }, bad] },
      { t: 'list', ordered: false, start: 1, items: [{ checked: null, c: [broken, good] }] },
    ],
  };
  const started = performance.now();
  const { blocks } = await withoutBadSvgs(report);
  expect((performance.now() - started) / 1000).toBeLessThan(60);
  expect(blocks[0]).toEqual(good);
  const [, theirs, list] = blocks as [
    Block,
    Extract<Block, { t: 'untrusted' }>,
    Extract<Block, { t: 'list' }>,
  ];
  expect(theirs.c[1]).toEqual({ t: 'missing', what: 'a picture', why: 'it takes longer than 5 s to draw' });
  const why = 'it cannot be drawn';
  expect(list.items[0].c).toEqual([{ t: 'missing', what: 'a picture', why }, good]);
});

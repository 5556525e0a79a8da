import fc from 'fast-check';
import { expect, it } from 'vitest';
import { papersInWords } from './papers.ts';

it('for any papers and any bound: the words keep it, a line a paper, and count the rest', () => {
  const paper = fc.record({
    file: fc.string({ unit: 'grapheme', maxLength: 200 }).map((name) => name.replace(/\s/g, ' ')),
    title: fc.string({ maxLength: 150 }).map((title) => title.replace(/\s/g, ' ')),
    pages: fc.option(fc.nat()),
    text: fc.option(fc.constant('a-00000000.txt')),
    chars: fc.nat(),
    cut: fc.constant(null),
    trouble: fc.constant(null),
  });
  fc.assert(
    fc.property(fc.array(paper, { maxLength: 40 }), fc.integer({ min: 400, max: 6144 }), (papers, bytes) => {
      const words = papersInWords(papers, '/nowhere', bytes);
      expect(Buffer.byteLength(words)).toBeLessThanOrEqual(bytes);
      const lines = words.split('\n').filter((line) => line.startsWith('- checkpoints/papers/'));
      const left = Number(/^\((\d+) more/m.exec(words)?.[1] ?? 0);
      expect(lines.length + left).toBe(papers.filter(({ text }) => text !== null).length);
    }),
  );
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../import-graph.ts';
import { MOST_BYTES, PICTURES } from './names.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const shown = [...readme.matchAll(/!\[([^\]]*)\]\(([^)]*)\)/g)].map(([, alt = '', path = '']) => ({
  alt,
  path,
}));

it('the README shows the pictures that npm run pictures takes, each with words for those who do not see it', () => {
  expect(shown.map(({ path }) => path).sort()).toEqual(
    PICTURES.map((name) => `docs/pictures/${name}`).sort(),
  );
  expect(shown.filter(({ alt }) => alt.length < 20)).toEqual([]);
  expect(readdirSync(join(root, 'docs/pictures')).sort()).toEqual([...PICTURES].sort());
});

it.each(PICTURES)('%s is a PNG that is sharp and not large', (name) => {
  const bytes = readFileSync(join(root, 'docs/pictures', name));
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  expect(bytes.length).toBeLessThanOrEqual(MOST_BYTES);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  expect(Math.min(width, height)).toBeGreaterThanOrEqual(800);
  expect(height / width).toBeLessThan(1.5);
});

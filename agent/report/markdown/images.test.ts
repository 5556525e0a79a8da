import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { imageReader } from './images.ts';

const base = mkdtempSync(join(tmpdir(), 'images-'));
const folder = join(base, 'sprints', 'one');
mkdirSync(join(folder, 'plots'), { recursive: true });
afterAll(() => rmSync(base, { recursive: true }));

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
writeFileSync(join(folder, 'plots', 'a b.png'), png);
for (const name of ['100%.png', 'a#b.png', 'c?d.png', 'e%20f.png', 'größe (1).png'])
  writeFileSync(join(folder, name), png);
writeFileSync(join(base, 'secret.png'), png);
symlinkSync(join(base, 'secret.png'), join(folder, 'linked.png'));
symlinkSync(base, join(folder, 'up'));
symlinkSync(join(folder, 'plots', 'a b.png'), join(folder, 'inside.png'));
writeFileSync(join(folder, 'big.png'), Buffer.concat([png, Buffer.alloc(9 * 1024 * 1024)]));
writeFileSync(join(folder, 'page.png'), '<html><script>alert(1)</script></html>');
const huge = Buffer.from(png);
huge.writeUInt32BE(30_000, 16);
huge.writeUInt32BE(30_000, 20);
writeFileSync(join(folder, 'huge.png'), huge);
const jpeg = 'ffd8ffe000104a46494600010100000100010000ffc00011087530753003012200021101031101';
writeFileSync(join(folder, 'huge.jpg'), Buffer.from(jpeg, 'hex'));
writeFileSync(join(folder, 'huge.gif'), Buffer.from('47494638396130753075000000', 'hex'));
const svg = (inner: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${inner}</svg>`;
writeFileSync(join(folder, 'good.svg'), svg('<rect id="a" width="3" height="3"/><use href="#a"/>'));
writeFileSync(join(folder, 'reads.svg'), svg('<image href="/etc/passwd"/>'));
writeFileSync(join(folder, 'script.svg'), svg('<script>alert(1)</script>'));
writeFileSync(join(folder, 'css.svg'), svg('<rect fill="url(http://127.0.0.1:1/x)"/>'));

it('reads pictures in the folder, by links inside it too', () => {
  for (const href of ['plots/a%20b.png', './inside.png', 'good.svg']) {
    expect(imageReader(folder)(href, '').t, href).toBe('figure');
  }
});

it.each([
  'plots/a b.png',
  'plots\\a b.png',
  '100%.png',
  'a#b.png',
  'c?d.png',
  'c%3Fd.png',
  'e%20f.png',
  'inside.png?raw=true',
  'gr\u00f6\u00dfe (1).png',
  'gro\u0308\u00dfe (1).png',
  'sprints/one/inside.png',
  '/some/where/sprints/one/plots/a b.png',
])('finds %s', (href) => {
  expect(imageReader(folder)(href, '').t).toBe('figure');
});

it.each([
  ['../../secret.png', 'outside'],
  ['linked.png', 'outside'],
  ['up/secret.png', 'outside'],
  ['plots', 'not a file'],
  ['big.png', 'larger than 8 MB'],
  ['huge.png', 'more than 25 million pixels'],
  ['huge.jpg', 'more than 25 million pixels'],
  ['huge.gif', 'more than 25 million pixels'],
  ['page.png', 'not a PNG'],
  ['reads.svg', 'outside itself'],
  ['script.svg', 'outside itself'],
  ['css.svg', 'outside itself'],
  ['gone.png', 'not found'],
  ['%ff.png', 'not found'],
  ['https://example.org/a.png', 'not in the sprint folder'],
  ['//example.org/a.png', 'not in the sprint folder'],
  ['file:///etc/hostname', 'not in the sprint folder'],
  ['data:image/png;base64,AAAA', 'data: address'],
])('shows a line in place of %s', (href, why) => {
  const shown = imageReader(folder)(href, 'alt');
  expect(shown).toMatchObject({ t: 'missing', what: 'alt', why: expect.stringContaining(why) });
});

it('does not follow an absolute path', () => {
  expect(imageReader(folder)(join(base, 'secret.png'), '').t).toBe('missing');
});

it('stops where all pictures together would make the report too large', () => {
  writeFileSync(join(folder, 'large.png'), Buffer.concat([png, Buffer.alloc(7.9 * 1024 * 1024)]));
  const read = imageReader(folder);
  const shown = Array.from({ length: 6 }, () => read('large.png', ''));
  expect(shown.slice(0, 4).every(({ t }) => t === 'figure')).toBe(true);
  expect(shown[4]).toMatchObject({ why: 'all pictures together are larger than 32 MB' });
  expect(read('inside.png', '').t).toBe('figure');
});

it('stops after 40 pictures', () => {
  const read = imageReader(folder);
  const shown = Array.from({ length: 41 }, () => read('inside.png', '').t);
  expect(shown.slice(0, 40).every((t) => t === 'figure')).toBe(true);
  expect(shown[40]).toBe('missing');
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { RunRecord } from '#contract/run';
import { machine } from '#host/machine';
import { best } from '../../fixtures/staged.ts';
import { sendBack, takeBack } from './bring-back.ts';
import { framesOf, send } from './frames.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'back-'));
const record = {
  ...best,
  ...{
    version: 2,
    sprint: null,
    profile: 'tiny',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    rowsServed: 5,
  },
  ...{ machine: machine(), sandbox: 'x', batch: 10, profileSettings: {} },
} as unknown as RunRecord;

it('brings files and record back, in folders too, and leaves links out', async () => {
  const [from, to] = [folder(), folder()];
  mkdirSync(join(from, 'evals'));
  const large = Buffer.alloc(3 << 20, 7);
  writeFileSync(join(from, 'evals/100'), large);
  writeFileSync(join(from, 'empty'), '');
  const other = folder();
  writeFileSync(join(other, 'secret'), 'key');
  for (const [name, target] of Object.entries({ link: '/etc/passwd', other, round: '.', again: '.' }))
    symlinkSync(target, join(from, name));
  const wire = new PassThrough();
  const sent = sendBack(wire, from, { record, refusal: 'k must be a number' });
  const back = await takeBack(framesOf(wire), to);
  await sent;
  expect(back).toMatchObject({ record: { id: record.id }, refusal: 'k must be a number' });
  expect(readdirSync(to).sort()).toEqual(['empty', 'evals']);
  expect(readFileSync(join(to, 'evals/100')).equals(large)).toBe(true);
});

it.each([
  ['a name above its folder', [{ name: '../x', size: 1 }], ['y'], 'outside its folder'],
  ['a name from the root', [{ name: '/tmp/x', size: 1 }], ['y'], 'outside its folder'],
  ['more than a run may leave', [{ name: 'x', size: 2 ** 40 }], ['y'], 'more than a run may leave'],
  ['a file of another size', [{ name: 'x', size: 1 }], ['yy'], 'of another size'],
  ['more than it said', [{ name: 'x', size: 1 }], ['y', 'y'], 'more than it said'],
])('refuses %s', async (_, files, pieces, why) => {
  const wire = new PassThrough();
  const to = folder();
  const taken = takeBack(framesOf(wire), to);
  const refused = expect(taken).rejects.toThrow(why);
  await send(wire, Buffer.from(JSON.stringify({ record, refusal: null, files })));
  for (const piece of [...pieces, '']) await send(wire, Buffer.from(piece)).catch(() => {});
  await refused;
});

it('refuses what is no record, and a connection that ends before the end', async () => {
  const wire = new PassThrough();
  void send(wire, Buffer.from('{}'));
  await expect(takeBack(framesOf(wire), folder())).rejects.toThrow('no record');
  const cut = new PassThrough();
  void send(cut, Buffer.from(JSON.stringify({ record, refusal: null, files: [{ name: 'x', size: 2 }] })));
  cut.end();
  await expect(takeBack(framesOf(cut), folder())).rejects.toThrow('broke');
});

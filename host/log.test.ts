import {
  closeSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CappedLog } from './log.ts';

const root = mkdtempSync(join(tmpdir(), 'log-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it.each([true, false])(
  'writes nothing before it may, and no more than it may then; closed before that: %s',
  async (early) => {
    const path = join(root, `${early}.log`);
    let release = () => {};
    const after = new Promise<void>((resolve) => {
      release = resolve;
    });
    const log = new CappedLog(path, 20, { after });
    for (let i = 0; i < 100; i++) log.write(Buffer.from('0123456789'));
    if (early) log.close();
    expect([readFileSync(path, 'utf8'), log.lastLines(1).join().length]).toEqual(['', 1000]);
    release();
    await after;
    if (!early) log.close();
    expect(readFileSync(path, 'utf8')).toBe(
      '0123456789\n... 980 bytes of this log are left out ...\n0123456789',
    );
  },
);

it('writes nothing where it never may', async () => {
  const path = join(root, 'never.log');
  const log = new CappedLog(path, 20, { after: Promise.reject(new Error('the caller has ended')) });
  log.write(Buffer.from('secret'));
  await Promise.resolve();
  log.close();
  expect(readFileSync(path, 'utf8')).toBe('');
});

it('takes nothing away that another log wrote since it began, and nothing at all where it goes on', () => {
  const path = join(root, 'shared.log');
  writeFileSync(path, 'of an earlier time\n');
  const [first, second] = [new CappedLog(path, 100), new CappedLog(path, 100)];
  first.write(Buffer.from('one\n'));
  second.write(Buffer.from('two\n'));
  first.write(Buffer.from('three\n'));
  const last = new CappedLog(path, 100, { goesOn: true });
  last.write(Buffer.from('four\n'));
  for (const log of [first, second, last]) log.close();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\nthree\nfour\n');
});

it.skipIf(process.platform !== 'linux')('survives a file that can be neither written nor closed', () => {
  const path = join(realpathSync(root), 'lost.log');
  const log = new CappedLog(path, 20);
  log.write(Buffer.from('words'));
  const at = (fd: string) => readlinkSync(`/proc/self/fd/${fd}`);
  const fds = readdirSync('/proc/self/fd').filter((fd) => existsSync(`/proc/self/fd/${fd}`));
  closeSync(Number(fds.find((fd) => at(fd) === path)));
  log.write(Buffer.from('more'));
  log.close();
  expect(readFileSync(path, 'utf8')).toBe('words');
});

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fullDisk, refusedBySystem } from './output.ts';

it.each([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk is full'],
  ['EFBIG', 'a file may not grow further (ulimit -f)'],
  ['EACCES', null],
])('says of %s what a disk says that takes no more', (code, words) => {
  expect(fullDisk(Object.assign(new Error('any words'), { code }))).toBe(words);
});

it('says in one line what the system refuses, and nothing of other errors', () => {
  const refused = (of: object) => refusedBySystem(Object.assign(new Error('any words'), of));
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  try {
    writeFileSync(folder, '');
  } catch (error) {
    expect(refusedBySystem(error)).toBeNull();
  }
  rmSync(folder, { recursive: true });
  expect(refused({ code: 'EROFS', syscall: 'open', path: '/x/HINTS.md' })).toBe(
    '/x/HINTS.md: the file system is read-only (EROFS at open)',
  );
  expect(refused({ code: 'ENOSPC', syscall: 'write' })).toBe('the disk is full (ENOSPC at write)');
  expect(refused({ code: 'EACCES' })).toBeNull();
  expect(refusedBySystem(undefined)).toBeNull();
});

it('ends with its own exit code when its terminal has gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'output-'));
  const at = (name: string) => join(folder, name);
  const program = `
    import { writeFileSync } from 'node:fs';
    import { isatty } from 'node:tty';
    import { outliveOutput } from ${JSON.stringify(join(import.meta.dirname, 'output.ts'))};
    outliveOutput();
    writeFileSync('${at('ready')}', String(isatty(1)));
    process.stdout.write('somebody reads this');
    setInterval(() => isatty(1) || process.exit(7), 20);`;
  writeFileSync(at('program.ts'), program);
  const env = {
    ...process.env,
    NODE: process.execPath,
    TSX: import.meta.resolve('tsx'),
    PROGRAM: at('program.ts'),
  };
  const shell = `trap : HUP; "$NODE" --import "$TSX" "$PROGRAM"; echo $? > '${at('coming')}'; mv '${at('coming')}' '${at('code')}'`;
  const terminal = spawn('script', ['--quiet', '--command', shell, '/dev/null'], { env, stdio: 'ignore' });
  while (!existsSync(at('ready'))) await sleep(20);
  terminal.kill('SIGKILL');
  while (!existsSync(at('code'))) await sleep(20);
  expect(readFileSync(at('code'), 'utf8').trim()).toBe('7');
  rmSync(folder, { recursive: true });
});

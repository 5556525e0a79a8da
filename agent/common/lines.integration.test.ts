import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from '../fixtures/repo.ts';
import { bytesOf, wholeLines } from './lines.ts';

const text = (path: string) => wholeLines(path).map(String);

it('reads whole lines, and says how many bytes they are', () => {
  const path = join(emptyFolder(), 'lines');
  expect(wholeLines(path)).toEqual([]);
  writeFileSync(path, 'one\n\nthrée\nhal');
  expect(text(path)).toEqual(['one', '', 'thrée']);
  expect(bytesOf(wholeLines(path))).toBe(Buffer.byteLength('one\n\nthrée\n'));
});

it('appends a line whole or not at all where there is no room', () => {
  const path = join(emptyFolder(), 'lines');
  const program = `
    import { openSync } from 'node:fs';
    import { appendLine } from ${JSON.stringify(join(import.meta.dirname, 'lines.ts'))};
    const fd = openSync('${path}', 'a');
    appendLine(fd, 'first');
    try { appendLine(fd, 'x'.repeat(3000)); } catch (error) { process.stdout.write(error.code); }
    appendLine(fd, 'last');`;
  // A limit on file size simulates a full disk: in both cases a part is written, then the write fails.
  const node = [
    process.execPath,
    '--import',
    import.meta.resolve('tsx'),
    '--input-type=module',
    '-e',
    program,
  ];
  const said = execFileSync('bash', ['-c', 'ulimit -f 1; exec "$@"', 'bash', ...node], {
    encoding: 'utf8',
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  });
  expect(said).toBe('EFBIG');
  expect(text(path)).toEqual(['first', 'last']);
});

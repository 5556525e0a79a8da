import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lastWord } from './last-word.ts';

const said = (command: string, ...args: string[]) =>
  spawnSync(command, args, { encoding: 'utf8' }).stderr.split('\n');

it('finds the error of a Node that died, and not the calls below it', () => {
  const script =
    'async function deep() { throw new TypeError("no such world") }\nawait (async () => { await deep(); })();';
  expect(lastWord(said(process.execPath, '--input-type=module', '-e', script))).toBe(
    'TypeError: no such world',
  );
  const coded = 'throw Object.assign(new RangeError("too far"), { code: "ERR_X" })';
  expect(lastWord(said(process.execPath, '-e', coded))).toBe('RangeError: too far');
  expect(lastWord(['RangeError [ERR_OUT_OF_RANGE]: too far', '    at async <anonymous>'])).toBe(
    'RangeError [ERR_OUT_OF_RANGE]: too far',
  );
});

it('finds that of Python, and our own', () => {
  const python = [
    'Traceback (most recent call last):',
    '  File "a.py", line 3, in <module>',
    '    f()',
    'ValueError: bad width',
  ];
  expect(lastWord(python)).toBe('ValueError: bad width');
  expect(lastWord(['reading', 'error: unknown profile "x"; there are: small', ''])).toBe(
    'unknown profile "x"; there are: small',
  );
});

it('takes the last line that says something where none names an error', () => {
  expect(lastWord(['step 1', 'step 2 of 3', '    at async <anonymous>', 'Node.js v22.0.0'])).toBe(
    'step 2 of 3',
  );
  expect(lastWord(['', '    at async <anonymous>'])).toBeNull();
  expect(lastWord([])).toBeNull();
});

it('finds it above the fields that Node prints of an error', () => {
  const missing = join(tmpdir(), 'no-such-program.mjs');
  expect(lastWord(said(process.execPath, missing))).toBe(`Error: Cannot find module '${missing}'`);
});

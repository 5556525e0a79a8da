import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from '../fixtures/repo.ts';
import { logEnd } from './log-end.ts';

it('adds why a conversation ended, once, as one plain line', () => {
  const folder = emptyFolder();
  const path = join(folder, 'README.md');
  writeFileSync(path, '# A sprint\n\n## Log\nI looked.');
  for (let i = 0; i < 2; i++) logEnd(folder, 'the API said:\n\x1b[31mno');
  expect(readFileSync(path, 'utf8')).toBe(
    '# A sprint\n\n## Log\nI looked.\n\nThe loop adds: the conversation ended before finish_sprint (the API said: no).\n',
  );
});

it('writes nowhere else', () => {
  const folder = emptyFolder();
  logEnd(folder, 'no');
  const elsewhere = join(emptyFolder(), 'file');
  writeFileSync(elsewhere, 'mine');
  symlinkSync(elsewhere, join(folder, 'README.md'));
  logEnd(folder, 'no');
  expect(readFileSync(elsewhere, 'utf8')).toBe('mine');
});

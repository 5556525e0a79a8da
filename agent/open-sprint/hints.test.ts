import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from '../fixtures/repo.ts';
import { readHints } from '../ledger/hint-file.ts';
import { Hints } from './hints.ts';

it('tells lines that were added, a rewrite whole, and nothing twice', () => {
  const repo = emptyFolder();
  const write = (text: string) => writeFileSync(join(repo, 'HINTS.md'), text);
  write('Known.\n');
  const hints = new Hints(repo, ['# Hints\n\nKnown.']);
  expect(hints.fresh()).toBeNull();
  write('Known.\nTry sorting.\n');
  expect(hints.fresh()).toBe('Try sorting.');
  expect(hints.fresh()).toBeNull();
  write('Something else.\n');
  expect(hints.fresh()).toBe('Something else.');
  write('');
  expect(hints.fresh()).toBeNull();
});

it('tells what was added while the loop was away, and a conversation that goes on knows the rest', () => {
  const repo = emptyFolder();
  writeFileSync(join(repo, 'HINTS.md'), '- Say "no".\n- Try sorting.\n');
  // A line matches as a whole, not as a part of another line.
  const heard = 'one\n- Say "no".\n- Try sorting. Then look.';
  expect(new Hints(repo, [heard]).fresh()).toBe('- Try sorting.');
  expect(new Hints(repo, ['- Say "no".', '- Try sorting.']).fresh()).toBeNull();
});

it('reads the end of a file that is too long, and of what is added then only that', () => {
  const repo = emptyFolder();
  const old = Array.from({ length: 1000 }, (_, i) => `- This is hint number ${i}.`);
  const write = (...lines: string[]) => writeFileSync(join(repo, 'HINTS.md'), lines.join('\n'));
  write(...old);
  const read = readHints(repo);
  expect(read.length).toBeLessThanOrEqual(20_000);
  expect(read).toMatch(/^- This is hint number \d+\.\n(?:.*\n)*.*number 999\.$/);
  const hints = new Hints(repo, [read]);
  expect(hints.fresh()).toBeNull();
  write(...old, '- The last.');
  expect(hints.fresh()).toBe('- The last.');
});

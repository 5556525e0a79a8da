import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from './fixtures/repo.ts';
import { removeHalfWritten } from './half-written.ts';

it('removes what a process that is gone was writing, and nothing else', () => {
  const { pid: gone } = spawnSync('true');
  const folder = emptyFolder();
  mkdirSync(join(folder, 'sprint'));
  const abandoned = [`index.html.${gone}.tmp`, `sprint/sprint.json.${gone}.tmp`];
  const kept = ['index.html', 'notes.tmp', `index.html.${process.pid}.tmp`];
  for (const name of [...abandoned, ...kept]) writeFileSync(join(folder, name), 'half');
  expect(removeHalfWritten([folder, join(folder, 'no such folder')])).toBe(2);
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual([...kept, 'sprint'].sort());
});

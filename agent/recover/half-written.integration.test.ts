import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from '../fixtures/repo.ts';
import { removeHalfWritten } from './half-written.ts';

it('removes what a process that is gone was writing, also where its pid is in use again, and nothing else', () => {
  const { pid: gone } = spawnSync('true');
  const repo = emptyFolder();
  const folder = join(repo, 'reports');
  mkdirSync(join(folder, 'sprint'), { recursive: true });
  const writer = spawn('sleep', ['60'], { cwd: repo });
  const abandoned = [`index.html.${gone}.tmp`, `sprint/sprint.json.${gone}.tmp`, `reused.${process.pid}.tmp`];
  const kept = ['index.html', 'notes.tmp', `index.html.${writer.pid}.tmp`];
  for (const name of [...abandoned, ...kept]) writeFileSync(join(folder, name), 'half');
  const folders = [folder, join(folder, 'sprint'), join(folder, 'no such folder')];
  expect(removeHalfWritten(repo, folders)).toBe(3);
  writer.kill();
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual([...kept, 'sprint'].sort());
});

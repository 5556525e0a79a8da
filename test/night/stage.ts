import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyRepository } from '#agent/fixtures/loop';
import { git } from '#agent/fixtures/repo';

/**
 * How long the loop waits for data of the server. A command that the server runs before it answers must end
 * within this time.
 */
const STALL_SECONDS = 3;

/**
 * Makes a repository with the tiny task, the model of a real night, and limits that make hangs and silences
 * short.
 */
export function stage(): string {
  const folder = tinyRepository();
  edit(folder, (task) =>
    task
      .replace('stagnation: { warn: 3, stop: 5 }', 'stagnation: { warn: 40, stop: 50 }')
      .replace(
        'model: { name: claude-haiku-5-5, effort: low, maxTokens: 4000 }',
        `model: { name: claude-opus-5-5, effort: high, stallSeconds: ${STALL_SECONDS}, maxTokens: 32000 }`,
      )
      .replace('    noise: 0.01\n', '    noise: 0.01\n    timeout: 8\n'),
  );
  git(folder, '-c', 'user.name=Test', '-c', 'user.email=test@example.org', 'commit', '-qam', 'Set the stage');
  return folder;
}

/** Changes TASK.md. */
export function edit(repo: string, change: (text: string) => string): void {
  const path = join(repo, 'TASK.md');
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

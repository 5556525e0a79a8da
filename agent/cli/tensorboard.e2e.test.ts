import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventFilePath, inRun, runDir, tensorboardDir } from '../common/paths.ts';
import { startCommand } from '../fixtures/loop.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { exampleRecord } from '../tensorboard/fixtures/record.ts';

const id = '2026-01-01--00-00-10-base-s0';

async function tensorboard(repo: string, ...args: string[]) {
  const command = startCommand(repo, 'tensorboard', ...args);
  return { code: await command.ended, said: command.said() };
}

it('writes the event files of the runs that are there, or says in one line what is missing', async () => {
  const repo = emptyFolder();
  expect(await tensorboard(repo)).toEqual({
    code: 2,
    said: expect.stringMatching(/^error: there are no runs/),
  });
  mkdirSync(inRun(runDir(repo, id)).out, { recursive: true });
  writeFileSync(inRun(runDir(repo, id)).record, JSON.stringify(exampleRecord(id)));
  expect(await tensorboard(repo, 'other')).toEqual({
    code: 2,
    said: 'error: no run "other"; npm run runs lists them\n',
  });
  expect(existsSync(tensorboardDir(repo))).toBe(false);
  const folder = 'reports/tensorboard';
  const said = `1 run in ${folder}; look: tensorboard --logdir ${folder}\n`;
  expect(await tensorboard(repo)).toEqual({ code: 0, said });
  expect(existsSync(eventFilePath(tensorboardDir(repo), id))).toBe(true);
  for (const [out, name] of Object.entries({ curves: `checkpoints/${id}/`, other: 'base-s0' })) {
    const { code } = await tensorboard(repo, name, '--out', out);
    expect([code, existsSync(eventFilePath(join(repo, out), id))]).toEqual([0, true]);
  }
});

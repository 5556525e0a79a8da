import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Timer } from '../common/timer.ts';
import { exampleSprint, exampleTask } from '../fixtures/examples.ts';
import { reportLeft } from './recover.ts';

it('makes the report of a sprint that was committed without one, and no other', async () => {
  const made: string[] = [];
  const emitted: unknown[] = [];
  const loop = {
    config: { repo: mkdtempSync(join(tmpdir(), 'left-')), task: exampleTask(), profile: {} },
    checkout: { branch: { name: 'run/a' } },
    journal: {
      state: () => ({ unreported: ['b', 'of another branch'] }),
      emit: (event: unknown) => emitted.push(event),
    },
    ledger: { sprints: ['a', 'b', 'c'].map((id) => ({ ...exampleSprint(), id })) },
    timer: new Timer(),
    outputs: {
      notebook: { draw: async () => {} },
      report: async ({ sprintDir }: { sprintDir: string }) => {
        made.push(sprintDir);
        return { files: [], trouble: null, seconds: 0 };
      },
    },
  };
  await reportLeft(loop as unknown as Parameters<typeof reportLeft>[0]);
  expect(made.map((dir) => dir.split('/').at(-1))).toEqual(['b']);
  expect(emitted).toMatchObject([{ type: 'report.rendered', sprint: 'b' }]);
});

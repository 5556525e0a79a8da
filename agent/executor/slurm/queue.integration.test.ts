import { expect, it } from 'vitest';
import { putInPath } from './fixtures/commands.ts';
import { sacct, squeue } from './queue.ts';

/** A command that prints this, if it is asked in these words. */
const printing = (text: string, asked = '') =>
  `case "$*" in *"${asked}"*) cat <<'END'\n${text}\nEND\n;; *) exit 1 ;; esac`;
it('reads the state, the reason and the node of each job', async () => {
  const lines = ['loop-a|7|PENDING|Resources|', 'loop-b|8|RUNNING|None|n2'];
  putInPath({ squeue: printing(lines.join('\n'), '--name=loop-a,loop-b') });
  expect(await squeue(['loop-a', 'loop-b'])).toEqual(
    new Map([
      ['loop-a', { id: '7', state: 'PENDING', reason: 'Resources', node: '' }],
      ['loop-b', { id: '8', state: 'RUNNING', reason: 'None', node: 'n2' }],
    ]),
  );
  putInPath({ squeue: 'exit 1' });
  expect(await squeue(['loop-a'])).toBeNull();
});

// What sacct 22.05 with slurmdbd and MariaDB printed for such jobs; the tests' own Slurm has no accounting.
it.each([
  ['one that ended', 'COMPLETED', 'COMPLETED'],
  ['one whose program failed', 'FAILED', 'FAILED'],
  ['one that somebody cancelled', 'CANCELLED by 0', 'CANCELLED'],
  ['one whose node died', 'NODE_FAIL', 'NODE_FAIL'],
  ['one that runs', 'RUNNING', 'RUNNING'],
  ['one that was put back into the queue', 'REQUEUED\nCOMPLETED', 'COMPLETED'],
  ['a number that another job had', '', null],
])('reads the end of %s from accounting', async (_, printed, state) => {
  putInPath({ sacct: printing(printed, '--name=loop-a -j 7 -o State') });
  expect(await sacct('7', 'loop-a')).toBe(state);
});

it('knows no end where there is no accounting', async () => {
  putInPath({ sacct: 'echo "Slurm accounting storage is disabled" >&2; exit 1', scontrol: 'exit 0' });
  expect(await sacct('7', 'loop-a')).toBeNull();
});

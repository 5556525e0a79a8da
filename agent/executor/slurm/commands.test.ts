import { expect, it } from 'vitest';
import { newJobName, sbatchWords } from './commands.ts';

const words = (over: object = {}) =>
  sbatchWords(
    { resources: {}, sbatch: [], ...over },
    { name: 'loop-1', dir: '/shared/checkpoints/2026-02-19--10-37-12-wider-s0' },
  );

it('sets what TASK.md asks for', () => {
  const resources = { cpus: 4, gpus: 'a100:1', memory: '16G', time: '1-12:00:00' };
  expect(words({ partition: 'gpu', account: 'lab', resources, sbatch: ['--constraint=x'] })).toEqual(
    expect.arrayContaining([
      ...['--partition=gpu', '--account=lab', '--cpus-per-task=4', '--gres=gpu:a100:1', '--mem=16G'],
      ...['--time=1-12:00:00', '--constraint=x', '--signal=B:INT@120'],
    ]),
  );
  expect(words().filter((word) => /^--(partition|account|cpus|gres|mem|time)/.test(word))).toEqual([]);
});

it.each([
  ['0:01:00', 15],
  ['0:04:00', 60],
  ['1:00:00', 120],
  ['2-00:00:00', 120],
])('a job of %s is told to save %i s before', (time, lead) => {
  expect(words({ resources: { time } })).toContain(`--signal=B:INT@${lead}`);
});

it('says what the loop sets after the extra lines, and the first of it twice', () => {
  const all = words({ sbatch: ['--qos=night', '--comment'] });
  expect(all.slice(1, 5)).toEqual(['--qos=night', '--comment', '--parsable', '--parsable']);
});

it('gives the script the same words for every run, and the job a name of nothing', () => {
  const script = (all: string[]) => all.slice(all.findIndex((word) => word.endsWith('batch.sh')));
  expect(script(words())).toHaveLength(5);
  expect(script(words())).toEqual(script(words({ sbatch: ['--qos=x'] })));
  expect(words().filter((word) => word.includes('wider'))).toEqual([
    expect.stringMatching(/^--chdir=/),
    expect.stringMatching(/^--output=/),
  ]);
  expect(newJobName()).toMatch(/^loop-[0-9a-f]{16}$/);
  expect(newJobName()).not.toBe(newJobName());
});

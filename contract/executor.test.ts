import { describe, expect, it } from 'vitest';
import { ExecutorChoice } from './executor.ts';

const slurm = (fields: unknown) => ExecutorChoice.parse({ slurm: fields }).slurm;
function complaint(executor: unknown): string {
  const { error } = ExecutorChoice.safeParse(executor);
  return (
    error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') ?? 'was accepted'
  );
}

describe('executor of TASK.md', () => {
  it('is a word, or has fields', () => {
    expect(ExecutorChoice.parse('local')).toEqual({});
    const plain = { resources: {}, sbatch: [] };
    expect(ExecutorChoice.parse('slurm')).toEqual({ slurm: plain });
    expect(slurm(null)).toEqual(plain);
    const full = {
      partition: 'gpu,long',
      account: 'lab-1',
      jobs: 8,
      resources: { cpus: 4, gpus: 'a100:1', memory: '16G', time: '1-12:00:00' },
      sbatch: [
        '--constraint=a100&nvme',
        '--exclusive',
        '--nice=100',
        '--gpus-per-node=1',
        '--mem-per-gpu=4G',
      ],
    };
    expect(slurm(full)).toEqual(full);
  });

  it.each([
    ['kubernetes', ': must be local, slurm or { slurm: {...} }'],
    [{ slurm: { partition: 'a b' } }, 'slurm.partition: must be a name'],
    [{ slurm: { account: 'a=b' } }, 'slurm.account: must be a name'],
    [{ slurm: { resources: { memory: 16 } } }, 'slurm.resources.memory: must be a size with its unit'],
    [{ slurm: { resources: { time: 720 } } }, 'slurm.resources.time: must be hours:minutes:seconds'],
    [{ slurm: { resources: { time: '12:00' } } }, 'slurm.resources.time: must be hours:minutes:seconds'],
    [{ slurm: { resources: { gpus: 'many' } } }, 'slurm.resources.gpus: must be a number, or a type'],
    [{ slurm: { jobs: 0 } }, 'slurm.jobs: Too small'],
    [{ slurm: { resources: { cpu: 1 } } }, 'slurm.resources: Unrecognized key'],
  ])('%j: %s', (executor, message) => {
    expect(complaint(executor)).toContain(message);
  });

  it.each([
    ...['--output=/x', '--out=/x', '--o=/x', '--chdir=/', '--export=ALL', '--exp=ALL', '--export-file=/x'],
    ...['--wrap=true', '--job-name=mine', '--no-requeue', '--signal=KILL', '--array=1-9', '--time=1:00:00'],
    ...['--mem=1G', '--partition=x', '--uid=0', '--clusters=all', '--get-user-env', '--wait', '--parsable'],
  ])('refuses %s as an extra line: the loop sets it', (line) => {
    expect(complaint({ slurm: { sbatch: [line] } })).toBe(
      'slurm.sbatch.0: is set by the loop itself, or by another field of executor.slurm',
    );
  });

  it.each(['-o/x', ':', 'script.sh', '--qos=a\n#SBATCH', '-- ', '--Output=x', ''])(
    'refuses %j: no long option',
    (line) => expect(complaint({ slurm: { sbatch: [line] } })).toContain('must be one long option of sbatch'),
  );
});

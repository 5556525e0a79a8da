import { expect, it } from 'vitest';
import { refuseAbsentSlurm } from './ask.ts';
import { putInPath } from './fixtures/commands.ts';

it('refuses to begin, in one line, where no controller of Slurm answers', async () => {
  putInPath({ scontrol: 'echo "Slurmctld(primary) at n1 is DOWN" >&2; exit 1' });
  await expect(refuseAbsentSlurm()).rejects.toThrow(
    'no controller of Slurm answers (scontrol ping: Slurmctld(primary) at n1 is DOWN); start slurmctld, or set executor: local in TASK.md',
  );
  putInPath({ scontrol: '[ "$*" = ping ]' });
  await expect(refuseAbsentSlurm()).resolves.toBeUndefined();
  putInPath({ scontrol: 'exit 127' });
  await expect(refuseAbsentSlurm()).rejects.toThrow('cannot start scontrol: install');
});

// Makes a real Slurm of two nodes on this machine, for tests and trials (cluster.ts).
//   npm run slurm            start it, or find it running; prints how to use it
//   npm run slurm -- --stop  stop it, with its jobs
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parsed, program } from '#agent/cli/arguments';
import { runMain } from '#contract/errors';
import { Cluster } from './cluster.ts';

const command = program(
  'npm run slurm --',
  'Starts a Slurm of two nodes on this machine in a temporary folder, from the packages slurm-wlm and munge.',
)
  .option('--stop', 'stop it, with its jobs')
  .option('--folder <folder>', 'where it lies', join(tmpdir(), `loop-slurm-${userInfo().username}`))
  .addHelpText('after', '\nExamples:\n  npm run slurm\n  npm run slurm -- --stop');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { stop, folder } = command.opts<{ stop?: true; folder: string }>();
  const cluster = new Cluster(folder);
  if (stop) {
    await cluster.stop();
    process.stdout.write(`stopped; the logs are in ${folder}\n`);
    return 0;
  }
  await cluster.start();
  process.stdout.write(`${cluster.ask('sinfo')}\nexport SLURM_CONF=${cluster.env.SLURM_CONF}\n`);
  return 0;
});

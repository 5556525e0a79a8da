import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scene } from './scene.ts';

/** Words of the rows of a world that nobody may see. */
export const WORDS = 'of-a-secret-world';
/** The temporary folder of a job, which gets no TMPDIR of ours. */
const NODE_TMP = '/tmp';

/** A real Slurm, and runs on a secret world that lies on a disk of this machine alone. */
export function secretScene() {
  const of = scene();
  const { repo, start, task } = of;
  const confirming = join(repo, 'state/confirming');
  const jobs = () => (existsSync(confirming) ? readdirSync(confirming) : []);
  return {
    ...of,
    /** The names of the folders that jobs of such runs have among those that nodes share. */
    jobs,
    job: () => join(confirming, jobs()[0] ?? ''),
    /** The files of a folder that have the words of the world. */
    has: (where: string) =>
      spawnSync('grep', ['-rlaF', '--', WORDS, where], { encoding: 'utf8' }).stdout.trim(),
    /** What a job has on the disk of its node. */
    places: (job: string) =>
      readdirSync(NODE_TMP)
        .filter((name) => name.startsWith('confirm-') && name.includes(job))
        .map((name) => join(NODE_TMP, name)),
    begin(over: Parameters<typeof start>[1] = {}) {
      const own = mkdtempSync(join(tmpdir(), 'own-disk-'));
      mkdirSync(join(own, 'world'));
      writeFileSync(join(own, 'world/rows'), `${WORDS} `);
      const secretWorld = { folder: join(own, 'world'), hash: 'hash-of-the-world' };
      return start('copies', {
        ...{ task: task({ rowsFrom: '127.0.0.1' }), settings: { k: '0' } },
        ...{ secretWorld, out: join(own, 'run'), ...over },
      });
    },
  };
}

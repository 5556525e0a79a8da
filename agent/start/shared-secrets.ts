import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '#contract/errors';
import type { Task } from '#contract/task';
import { runsDir, secretDir } from '../common/paths.ts';

/** The path, or the nearest folder above it that exists. */
const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)));
const diskOf = (path: string) => statSync(realpathSync(existing(path))).dev;

/**
 * The keys of secret worlds, the worlds and what was trained there must not lie where the nodes of a cluster
 * read: on the file system of the run folders.
 * @throws UserError where they would, with the remedies.
 */
export function refuseSharedSecrets({ contract, path }: Task, repo: string, disk = diskOf): void {
  if (contract.executor.slurm === undefined || contract.drawWorld === undefined) return;
  const place = dirname(secretDir(repo, 'branch'));
  const isLink = lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (isLink && !existsSync(place))
    throw new UserError(
      `${place}: leads nowhere on this machine; start the loop on the machine where that folder lies, or remove the link for new keys`,
    );
  if (disk(place) !== disk(runsDir(repo))) return;
  throw new UserError(
    `${path}: executor: slurm, and ${place} lies on the same file system as the runs, which the nodes share: the keys of secret worlds must not lie there; put them on a disk of this machine alone (mkdir -m 700 /var/lib/loop-secret && ln -s /var/lib/loop-secret ${place}), or remove drawWorld: then no gain is confirmed`,
  );
}

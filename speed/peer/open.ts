import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { sayBuilding } from '#bench/cli/building';
import { saveWorld } from '#bench/world/store';
import { openWorld, profileWorld } from '#bench/worlds';
import { UserError } from '#contract/errors';
import { findLibrary } from '#engine/embedded/library';
import { findSaelens } from '#host/saelens';
import { timedThreads } from '../sampler.ts';
import { FULL_SIZE } from '../step/plan.ts';
import { type Case, ownProducts, runCase } from '../step/run.ts';
import { ROWS } from '../timing.ts';
import { startPeer } from './ask.ts';
import type { PeerLine } from './compare.ts';
import { comparePeer, PARTS, type Part } from './peer.ts';

export interface PeerChoice {
  /** Sizes of a profile of TASK.md; 16k's are those of the published model, whether it is here or not. */
  profile: string;
  parts?: readonly Part[];
  rounds: number;
  seconds: number;
  backend: string;
  sandbox?: Case['sandbox'];
  /** What draws the samples of our steps. */
  sampler?: Case['sampler'];
}

/**
 * Times SAELens beside ourselves. Each line names machine and versions.
 * @throws UserError where no Python has SAELens
 */
export async function* benchPeer({
  profile,
  parts = PARTS,
  rounds,
  seconds,
  backend,
  sandbox,
  sampler,
}: PeerChoice): AsyncGenerator<PeerLine> {
  const repository = join(import.meta.dirname, '../..');
  const python = findSaelens(repository);
  if (python === null) {
    throw new UserError(
      'no Python here has sae-lens: `npm run test:saelens` installs it, or SAELENS_PYTHON names one that has',
    );
  }
  const { profile: contract, world: named } = profileWorld(profile);
  const name = profile === '16k' ? FULL_SIZE : named;
  const { world } = await openWorld(name, sayBuilding(name));
  const cores = availableParallelism();
  const blas = ['auto', 'embedded'].includes(backend) ? findLibrary(cores) : null;
  const sizes = { profile, profileSettings: contract?.settings, world: name, backend, sandbox, sampler };
  const options = { parts, rounds, seconds, batch: ROWS, sizes, hasBlas: blas !== null };
  const sample = async (forSeconds: number) =>
    (ROWS * 1000) / (await timedThreads(world, forSeconds, cores)).samplesPerSecond;
  const folder = mkdtempSync(join(tmpdir(), 'peer-'));
  try {
    saveWorld(folder, world);
    const peer = await startPeer(python, folder);
    const { saelens, torch, threads, gpu } = peer.info;
    const about = {
      ...{ world: basename(name, '.json'), features: world.numFeatures, saelens, torch },
      ...{ peerThreads: threads, cpu: cpus()[0]?.model ?? '', cores, ...(gpu !== null && { gpu }) },
      ...(blas && { blas: blas.label }),
      ...(ownProducts() === 'amx' && { npmAloneBy: 'AMX' }),
    };
    try {
      for await (const line of comparePeer(options, { peer, step: runCase, sample })) {
        yield { ...line, ...about };
      }
    } finally {
      peer.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Confirmed } from '#contract/confirmed';
import { UserError } from '#contract/errors';
import type { Sprint } from '#contract/sprint';
import type { Verdict } from '#contract/verdict';
import { removeLeft } from '#host/remove-left';
import { runDir, sprintsDir } from '../common/paths.ts';
import { hashOf, isInUse, seedOf } from '../confirm/key.ts';
import { drawSecretWorld } from '../executor/secret-world.ts';
import { readSprints } from '../ledger/ledger.ts';
import { type Again, trainAgain } from './again.ts';
import { judgeAloud } from './judge-aloud.ts';
import { show } from './verdict-table.ts';

/** A secret world of a published key. */
export interface Published {
  key: Buffer;
  draw: number;
}

/** How far two verdicts on fresh rows of one world may be apart, where the weights are the same. */
const ROWS = 0.005;

/**
 * Trains a run again on the secret world of a published key, with the seed and the samples that confirmed it,
 * and says whether the recorded number holds. Returns the exit code.
 * @throws UserError where the record does not name that world, or the key is not the published one.
 */
export async function checkConfirmed(again: Omit<Again, 'seed'>, { key, draw }: Published): Promise<number> {
  const { task, repo, sandbox, profileName, run } = again;
  if (isInUse(repo, hashOf(key)))
    throw new UserError(
      '--key: gains are still confirmed by it, and a run on its worlds would show them to the researcher; first publish it: npm run publish-key',
    );
  const found = recordOf(readSprints(sprintsDir(repo)), run.id, { hash: hashOf(key), draw });
  const { confirmed, recorded, world } = found;
  const above = mkdtempSync(join(tmpdir(), 'secret-world-'));
  try {
    const folder = join(above, 'world');
    const secretWorld = await drawSecretWorld({ task, repo, profileName, key, draw, folder });
    if (secretWorld.hash !== world)
      throw new UserError(
        `the world of this key and draw has the hash ${secretWorld.hash}, recorded is ${world}`,
        1,
      );
    const { id } = await trainAgain({
      ...{ ...again, secretWorld, seed: seedOf(key, draw) },
      run: { ...run, samples: confirmed.samples },
    });
    const request = { task, repo, sandbox, runDir: runDir(repo, id), world: folder, samples: confirmed.rows };
    const verdict: Verdict = await judgeAloud(request);
    const { metric } = task.contract;
    const is = verdict.metrics[metric] ?? Number.NaN;
    const was = recorded[metric] ?? Number.NaN;
    const holds = Math.abs(is - was) <= ROWS;
    process.stdout.write(
      `${metric} ${holds ? 'holds' : 'does NOT hold'} on secret world ${draw}: ${show(is, metric)}, recorded ${show(was, metric)} (the world is that of the record)\n`,
    );
    return holds ? 0 : 1;
  } finally {
    removeLeft(above);
  }
}

interface Recorded {
  confirmed: Confirmed;
  recorded: Record<string, number>;
  world: string;
}

/**
 * What was recorded of a run on a world of this key, as a candidate, or as the best that a later one was
 * compared with. @throws UserError where nothing was
 */
function recordOf(
  sprints: readonly Sprint[],
  run: string,
  { hash, draw }: { hash: string; draw: number },
): Recorded {
  const records = sprints.flatMap(({ candidate, confirmed }) =>
    confirmed && (candidate === run || confirmed.best?.run === run) ? [{ candidate, confirmed }] : [],
  );
  if (records.length === 0) throw new UserError(`${run} was not confirmed on secret worlds`);
  const keys = records.map(({ confirmed }) => confirmed.key);
  if (!keys.includes(hash))
    throw new UserError(
      `--key: its SHA-256 is ${hash}, and ${run} was confirmed by ${[...new Set(keys)].join(' and ')}`,
    );
  for (const { candidate, confirmed } of records) {
    const pair = confirmed.key === hash ? confirmed.pairs.find((one) => one.draw === draw) : undefined;
    const recorded = candidate === run ? pair?.candidate : pair?.best;
    if (pair && recorded) return { confirmed, recorded, world: pair.world };
  }
  throw new UserError(
    `${run} was not confirmed on secret world ${draw}, or the pairs of its sprint were not published; see pairs in sprints/secret-worlds.json`,
  );
}

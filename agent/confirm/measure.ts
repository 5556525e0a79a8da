import { setTimeout as sleep } from 'node:timers/promises';
import { OWN_FAULT } from '#contract/errors';
import type { RunSpec } from '#contract/run';
import { removeLeft } from '#host/remove-left';
import type { Sandbox } from '#host/sandbox';
import type { Config } from '../config/config.ts';
import type { Slot } from '../devices/pool.ts';
import type { Executor } from '../executor/executor.ts';
import { JudgeError, judgeRun } from '../executor/judging.ts';
import { seedOf } from './key.ts';
import type { OnSecretWorld, SecretStore } from './store.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  sandbox: Sandbox;
  executor: Executor;
}

/** A run to make on a secret world. */
export interface Wanted {
  spec: RunSpec;
  draw: number;
  rows: number;
  as: 'candidate' | 'best';
  again?: string;
  /** The slot of the pool that it holds. */
  place: Slot;
  timeoutSeconds: number;
  /** Ends the run when it aborts; nothing is then remembered. */
  signal: AbortSignal;
}

/** How far apart one signal to all processes may reach the trainer and the loop. */
const ASKED_WITHIN_SECONDS = 2;

/** How far apart the clocks of a node and of this machine may be. */
const CLOCKS_SECONDS = 5;

let runs = 0;

/** A fault of our own side, twice: the world, its data service or its judge. It says nothing of the run. */
export class OwnFault extends Error {
  override readonly name = 'OwnFault';
}

/**
 * Trains a run on a secret world and has it judged there, and remembers what it gave. Null where it was ended
 * from outside. The run's folder is removed: what a trainer wrote on a secret world says something of that
 * world. Of a run without a result only the status is kept, and no word of the trainer's or the encoder's.
 * After a fault of our own, by its exit code alone, it is made once more, on the same world drawn anew.
 * @throws OwnFault where that fails too; UserError where a run cannot be started.
 */
export async function measureOn(
  loop: LoopParts,
  store: SecretStore,
  wanted: Wanted,
): Promise<OnSecretWorld | null> {
  try {
    return await measureOnce(loop, store, wanted);
  } catch (error) {
    if (!(error instanceof OwnFault)) throw error;
    store.forgetWorld(loop.config.leaderboard, wanted.draw);
    return await measureOnce(loop, store, wanted);
  }
}

async function measureOnce(
  loop: LoopParts,
  store: SecretStore,
  { spec, draw, rows, as, again, place, timeoutSeconds, signal }: Wanted,
): Promise<OnSecretWorld | null> {
  const {
    config: { task, repo, profile, profileName, leaderboard },
    sandbox,
    executor,
  } = loop;
  const secretWorld = await store
    .world({ task, repo, profileName, leaderboard, draw })
    .catch(ownFault('its secret world could not be drawn'));
  if (signal.aborted) return null;
  const began = performance.now();
  const out = store.runFolder(`${process.pid}-${runs++}`);
  const handle = await executor.start({
    ...{ ...spec, seed: seedOf(store.of.key, draw) },
    ...{ task, repo, profileName, sandbox, sprint: null, secretWorld, out, timeoutSeconds, ...place },
  });
  const end = () => void handle.stop('the loop is asked to stop', { by: 'loop', graceSeconds: 0 });
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    const record = await handle.done;
    if (signal.aborted) return null;
    const { status, endedBy } = record;
    // Where the machine goes down, the loop is asked to stop as well. Else the trainer chose its exit code.
    if (endedBy === 'outside' && (await aborted(signal, ASKED_WITHIN_SECONDS))) return null;
    const fault = await handle.fault;
    if (fault != null) throw new OwnFault(`its job came to nothing (${fault})`);
    if (endedBy === 'service') throw new OwnFault('the data service failed');
    // The end of the night says nothing of a run, nor does the queue of a cluster.
    const spent = CLOCKS_SECONDS + (performance.now() - began) / 1000;
    if (status === 'timeout' && (timeoutSeconds < profile.timeout || spent >= timeoutSeconds)) return null;
    const result =
      status === 'finished'
        ? await judged(
            {
              task,
              repo,
              sandbox,
              runDir: handle.dir,
              samples: rows,
              world: secretWorld.folder,
              ...place,
              signal,
            },
            (why) => store.noteUnmeasured({ draw, as, why }),
          )
        : { failed: status };
    if (result === null) return null;
    const line = { draw, world: secretWorld.hash, leaderboard, rows, spec, as, again, result };
    store.add(line);
    return line;
  } finally {
    signal.removeEventListener('abort', end);
    await handle.discard();
    removeLeft(out);
  }
}

/** The numbers of the verdict; null where the judge was ended with the loop. `note`: told why it has none. */
async function judged(
  request: Parameters<typeof judgeRun>[0],
  note: (why: string) => void,
): Promise<OnSecretWorld['result'] | null> {
  try {
    const { metrics, observed, declared } = await judgeRun(request);
    return { metrics, observed, declared };
  } catch (error) {
    if (request.signal?.aborted) return null;
    // The code alone counts: the judge's line may have the encoder's words, and any other code may have been
    // brought about by the encoder, whose candidate must not get another try by it.
    if (error instanceof JudgeError && error.exitCode === OWN_FAULT) throw new OwnFault('the judge failed');
    if (!(error instanceof JudgeError)) throw error;
    note(`exit code ${error.exitCode}: ${error.message}`);
    return { failed: 'not measurable' };
  }
}

const ownFault = (words: string) => (): never => {
  throw new OwnFault(words);
};

/** Whether the signal aborts within so many seconds. */
async function aborted(signal: AbortSignal, seconds: number): Promise<boolean> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
  return signal.aborted;
}

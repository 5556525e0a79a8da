import { closeSync, mkdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunRecord } from '#contract/run';
import { makePipe } from '#host/pipe';
import { removeLeft } from '#host/remove-left';
import { inRun } from '../../common/paths.ts';
import type { RunHandle } from '../executor.ts';
import { follow } from '../follow.ts';
import { type Launch, startTrainer } from '../launch.ts';
import { sendBack } from './bring-back.ts';
import { type Rows, writeHello } from './files.ts';
import { framesOf } from './frames.ts';
import { newKeys, reach } from './link.ts';
import { ownPlace } from './own-place.ts';

/** For how long the supervisor may not see yet what a job shows in its folder. */
const LAG_SECONDS = 60;

/** A run on a node whose rows come from its supervisor. */
export interface OnNode {
  run: RunHandle;
  /** Sends back what the trainer left, and removes it here. */
  finish(record: RunRecord, refusal: string | null): Promise<void>;
}

/**
 * Trains a run on a secret world: its rows come over a connection that only this process can open, and what
 * its trainer writes, its log too, lies on the node's own disk and goes back over the same connection.
 * @throws UserError where the supervisor cannot be reached
 */
export async function trainServed(
  { jobDir, name, rows }: { jobDir: string; name: string; rows: Rows },
  launch: Omit<Launch, 'dir'>,
  earlier: { seconds: number; rows: number },
): Promise<OnNode> {
  const keys = newKeys();
  writeHello(jobDir, { name, key: keys.shown });
  const socket = await reached(keys, rows);
  socket.on('error', () => {});
  const dir = ownPlace(jobDir);
  mkdirSync(inRun(dir).out);
  const { readFd, writeFd } = makePipe();
  const trainer = await startTrainer({ ...launch, dir }, { fds: { 3: readFd }, env: { LOOP_DATA_FD: '3' } });
  closeSync(readFd);
  const { repo, record } = launch;
  const run = follow({ repo, record, dir, service: null, trainer, earlier, write: () => {} });
  const pumped = pump(socket, writeFd).then((whole) => {
    if (!whole) void run.stop('its supervisor is gone', { by: 'service', graceSeconds: 0 });
  });
  return {
    run,
    async finish(ended, refusal) {
      try {
        // One that Slurm took away begins anew elsewhere.
        if (ended.endedBy === 'outside' || socket.destroyed) return;
        await sendBack(socket, inRun(dir).out, { record: ended, refusal });
        await pumped;
      } finally {
        socket.destroy();
        removeLeft(dir);
      }
    },
  };
}

async function reached(keys: ReturnType<typeof newKeys>, rows: Rows): ReturnType<typeof reach> {
  const end = Date.now() + LAG_SECONDS * 1000;
  for (;;) {
    try {
      return await reach(keys, rows);
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(500);
    }
  }
}

/**
 * Gives the rows to the trainer, and drops those that come after its end. Returns whether all came before the
 * connection ended.
 */
async function pump(socket: Awaited<ReturnType<typeof reach>>, writeFd: number): Promise<boolean> {
  const pipe = new Socket({ fd: writeFd, readable: false, writable: true });
  let open = true;
  pipe.on('error', () => {
    open = false;
  });
  pipe.on('close', () => {
    open = false;
    pipe.emit('drain');
  });
  let whole = false;
  try {
    for await (const piece of framesOf(socket)) {
      if (piece.length === 0) {
        whole = true;
        pipe.end();
      } else if (open && !pipe.write(piece)) await new Promise((resolve) => pipe.once('drain', resolve));
    }
  } catch {
    // The supervisor is gone.
  }
  pipe.destroy();
  return whole || !open;
}

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { makePipe } from '#host/pipe';
import { inRun } from '../../common/paths.ts';
import { endService } from '../follow.ts';
import { type Launch, startService } from '../launch.ts';
import { emptyOut } from '../prepare.ts';
import { type Back, takeBack } from './bring-back.ts';
import { type Rows, readHello } from './files.ts';
import { framesOf, send } from './frames.ts';
import { listen, newKeys } from './link.ts';

/** What a job needs of its supervisor: rows, and a place for what its trainer leaves. */
export interface Serving {
  rows: Rows;
  /** What came back; null where nothing did. */
  readonly back: Back | null;
  readonly rowsServed: number | null;
  /** Whether the data service failed by itself. */
  readonly failed: boolean;
  close(): Promise<void>;
}

/**
 * Serves the rows of a run on a secret world to its job, and takes back what its trainer left. The data
 * service stays on this machine, beside the world. Each key that the job shows in its folder is served once:
 * a job that Slurm starts again makes another one, and begins anew. `host`: how nodes reach this machine.
 */
export async function serveRun(host: string, jobDir: string, run: Launch): Promise<Serving> {
  const keys = newKeys();
  const seen = new Set<string>();
  const state: Pick<Serving, 'back' | 'rowsServed' | 'failed'> = {
    ...{ back: null, rowsServed: null, failed: false },
  };
  const open = new Set<TLSSocket>();
  let latest: TLSSocket | null = null;
  /** Settles when nothing of an earlier start is written any more. */
  let taking: Promise<void> = Promise.resolve();
  const ended: Promise<void>[] = [];
  const isAllowed = (shown: string) => !seen.has(shown) && readHello(jobDir)?.key === shown;
  const onJob = (socket: TLSSocket, shown: string) => {
    if (seen.has(shown)) return void socket.destroy();
    seen.add(shown);
    // The node of an earlier start may be gone without a word.
    for (const earlier of open) earlier.destroy();
    open.add(socket);
    latest = socket;
    const before = taking;
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    const serve = async () => {
      await before;
      // Also what an earlier start gave back to the end: with its files goes what it said of them.
      emptyOut(run.dir);
      Object.assign(state, { back: null, rowsServed: null, failed: false });
      const pumped = pump(socket, run).then((served) => {
        if (latest === socket) Object.assign(state, served);
      });
      ended.push(pumped.catch(() => {}));
      const back = await takeBack(framesOf(socket), inRun(run.dir).out);
      Object.assign(state, { back });
      socket.end();
    };
    taking = serve().catch(() => {
      socket.destroy();
    });
  };
  const { port, close } = await listen(keys, isAllowed, onJob);
  return {
    rows: { host, port, key: keys.shown },
    get back() {
      return state.back;
    },
    get rowsServed() {
      return state.rowsServed;
    },
    get failed() {
      return state.failed;
    },
    async close() {
      close();
      for (const socket of open) socket.destroy();
      await taking;
      await Promise.all(ended);
    },
  };
}

/** Starts the data service and sends what it writes; a task without one sends the end alone. */
async function pump(socket: TLSSocket, run: Launch): Promise<Pick<Serving, 'rowsServed' | 'failed'>> {
  if (!run.task.contract.serve) {
    await send(socket, Buffer.alloc(0));
    return { rowsServed: null, failed: false };
  }
  const { readFd, writeFd } = makePipe();
  const service = startService(run, { stdout: writeFd, fds: {}, words: [] });
  closeSync(writeFd);
  const rows = new Socket({ fd: readFd, readable: true, writable: false });
  const gone = () => rows.destroy();
  socket.once('close', gone);
  try {
    for await (const piece of rows) await send(socket, piece as Buffer);
    await send(socket, Buffer.alloc(0));
  } catch {
    // The job has ended, or its node.
  } finally {
    socket.off('close', gone);
    rows.destroy();
  }
  const { rows: rowsServed, failed } = await endService(service);
  return { rowsServed, failed: failed !== null };
}

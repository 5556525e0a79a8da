import { encodeFrameHeader, FRAME_HEADER_BYTES } from '#contract/stream';
import { closeLoading, startLoading } from '#engine/native/threads';
import type { World } from '../world/world.ts';
import { Sampler } from './sampler.ts';

// Words of `control`.
export const FREED = 0;
export const STOPPED = 1;
export const FAILED = 2;

export interface FrameRequest {
  world: World;
  seed: number;
  /** Index of the first batch. */
  from: number;
  /** Rows in all, possibly Infinity, and rows of a whole batch. */
  rows: number;
  batch: number;
}

export interface FrameTask extends FrameRequest {
  thread: number;
  threads: number;
  slots: number;
  shared: SharedArrayBuffer;
  /** By slot: the number of the frame in it, counted from 1. */
  ready: Int32Array;
  control: Int32Array;
}

/** The frames of a stream in order, whichever thread draws them. */
export interface Frames {
  /** The next frame as it goes over the wire, valid until the next call; null after the last. */
  next(): { bytes: Uint8Array; rows: number } | null;
  stop(): void;
}

export function slotBytes(batch: number, d: number): number {
  return FRAME_HEADER_BYTES + batch * d * 4;
}

/**
 * Opens the frames of a request. They are drawn on demand (no threads) or ahead on that many threads. The
 * bytes are the same for any number of threads: a batch depends on its index alone.
 */
export async function openFrames(request: FrameRequest, threads: number): Promise<Frames> {
  return threads === 0 ? drawnHere(request) : drawnAhead(request, threads);
}

function drawnHere(request: FrameRequest): Frames {
  const sampler = new Sampler(request.world, request.seed, 'train');
  return drawnOnDemand(request, (index, rows, x) => sampler.sample(index, rows, x));
}

/**
 * The frames of a request, drawn when they are asked for, some at a time. `draw` fills each of xs with a
 * batch, from that index on; only the last of them may have fewer rows, and its length says so. `memory` is
 * where they lie.
 */
export function drawnOnDemand(
  { world, from, rows, batch }: Omit<FrameRequest, 'seed'>,
  draw: (index: number, rows: number, ...xs: Float32Array[]) => void,
  { atATime = 1, memory = (bytes: number) => new ArrayBuffer(bytes) } = {},
): Frames {
  const d = world.hiddenDim;
  const size = slotBytes(batch, d);
  const slots = memory(atATime * size);
  const rowsOf = (frame: number) => Math.min(batch, rows - frame * batch);
  const drawFrom = (frame: number) => {
    const xs: Float32Array[] = [];
    for (let i = 0; i < atATime && rowsOf(frame + i) > 0; i++) {
      xs.push(new Float32Array(slots, i * size + FRAME_HEADER_BYTES, rowsOf(frame + i) * d));
    }
    draw(from + frame, rowsOf(frame), ...xs);
  };
  let frame = 0;
  return {
    next() {
      const inFrame = rowsOf(frame);
      if (inFrame <= 0) return null;
      const slot = frame % atATime;
      if (slot === 0) drawFrom(frame);
      const bytes = new Uint8Array(slots, slot * size, slotBytes(inFrame, d));
      bytes.set(encodeFrameHeader(inFrame, from + frame));
      frame++;
      return { bytes, rows: inFrame };
    },
    stop() {},
  };
}

async function drawnAhead(request: FrameRequest, threads: number): Promise<Frames> {
  const { rows, batch } = request;
  // All threads share one dictionary; a copy for each thread would take 50 MB at 16k.
  const featureVectors = new Float32Array(new SharedArrayBuffer(request.world.featureVectors.byteLength));
  featureVectors.set(request.world.featureVectors);
  const world = { ...request.world, featureVectors };
  const slots = 2 * threads + 2;
  const size = slotBytes(batch, world.hiddenDim);
  const shared = new SharedArrayBuffer(slots * size);
  const ready = new Int32Array(new SharedArrayBuffer(slots * 4));
  const control = new Int32Array(new SharedArrayBuffer(12));
  const workers = Array.from({ length: threads }, (_, thread) => {
    const task: FrameTask = { ...request, world, thread, threads, slots, shared, ready, control };
    return startLoading(new URL('../thread.mjs', import.meta.url), {
      workerData: { module: new URL('./frame-thread.ts', import.meta.url).href, task },
      execArgv: [],
    });
  });
  // From here on this thread blocks, so a thread that cannot start must be reported now.
  try {
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            worker.once('message', () => resolve());
            worker.once('error', reject);
          }),
      ),
    );
  } finally {
    closeLoading(workers);
  }
  for (const worker of workers) worker.unref();
  let frame = 0;
  return {
    next() {
      Atomics.store(control, FREED, frame);
      Atomics.notify(control, FREED);
      const inFrame = Math.min(batch, rows - frame * batch);
      if (inFrame <= 0) return null;
      const slot = frame % slots;
      for (let there = 0; there !== frame + 1; ) {
        there = Atomics.load(ready, slot);
        if (Atomics.load(control, FAILED)) throw new Error('a thread of the data service failed');
        if (there !== frame + 1) Atomics.wait(ready, slot, there, 1000);
      }
      frame++;
      return {
        bytes: new Uint8Array(shared, slot * size, slotBytes(inFrame, world.hiddenDim)),
        rows: inFrame,
      };
    },
    stop() {
      Atomics.store(control, STOPPED, 1);
      Atomics.notify(control, FREED);
    },
  };
}

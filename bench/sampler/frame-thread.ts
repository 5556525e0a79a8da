// One thread of the data service: draws every n-th batch ahead into a ring in shared memory.
import { parentPort, workerData } from 'node:worker_threads';
import { encodeFrameHeader, FRAME_HEADER_BYTES } from '#contract/stream';
import { whileLoading } from '#engine/native/threads';
import { FAILED, FREED, type FrameTask, STOPPED, slotBytes } from './frames.ts';
import { Sampler } from './sampler.ts';

const { world, seed, from, rows, batch, thread, threads, slots, shared, ready, control } =
  workerData.task as FrameTask;
const d = world.hiddenDim;
const sampler = whileLoading(workerData.loading, () => {
  const opened = new Sampler(world, seed, 'train');
  // Loads what the first batch would.
  opened.sample(from, 1, new Float32Array(d));
  return opened;
});
const bytes = slotBytes(batch, d);

/** Waits until the ring has a slot for that frame; false when the frames are no longer needed. */
function placeFor(frame: number): boolean {
  for (;;) {
    if (Atomics.load(control, STOPPED)) return false;
    const freed = Atomics.load(control, FREED);
    if (frame - freed < slots) return true;
    Atomics.wait(control, FREED, freed, 1000);
  }
}

parentPort?.postMessage('ready');
try {
  for (let frame = thread; frame * batch < rows && placeFor(frame); frame += threads) {
    const start = (frame % slots) * bytes;
    const inFrame = Math.min(batch, rows - frame * batch);
    sampler.sample(from + frame, inFrame, new Float32Array(shared, start + FRAME_HEADER_BYTES, inFrame * d));
    new Uint8Array(shared, start, FRAME_HEADER_BYTES).set(encodeFrameHeader(inFrame, from + frame));
    Atomics.store(ready, frame % slots, frame + 1);
    Atomics.notify(ready, frame % slots);
  }
} catch (error) {
  // The main thread blocks without an event loop, so it learns of the error only from this flag.
  Atomics.store(control, FAILED, 1);
  throw error;
}

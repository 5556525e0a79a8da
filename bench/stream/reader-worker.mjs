// Reads a stream of activations ahead into a ring in shared memory. Plain JavaScript, so that the worker
// needs no TypeScript loader.
import { createReadStream, fstatSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';

const { fd, shared, slots, slotBytes, rowBytes, frameHeaderBytes, stateWords, blocking } = workerData;
const state = new Int32Array(shared, 0, stateWords);
// Words of the state, as in reader.ts: frames filled, frames freed, end (0 open, 1 whole, 2 in mid-frame, 3
// error), error number, closed by the reader.
const [FILLED, FREED, END, ERRNO, CLOSED] = [0, 1, 2, 3, 4];

let filled = 0;
let have = 0;
let slot = slotAt(0);

function slotAt(frame) {
  return Buffer.from(shared, stateWords * 4 + (frame % slots) * slotBytes, slotBytes);
}

function finish(how, errno = 0) {
  Atomics.store(state, ERRNO, errno);
  Atomics.store(state, END, how);
  Atomics.add(state, FILLED, 0);
  Atomics.notify(state, FILLED);
}

/**
 * Bytes that the present frame still needs. A frame that claims too much is handed over as it is, and the
 * reader rejects it.
 */
function missing() {
  if (have < frameHeaderBytes) return frameHeaderBytes - have;
  return Math.min(slotBytes, frameHeaderBytes + slot.readUInt32LE(4) * rowBytes) - have;
}

/** Waits for a free slot; false when the reader was closed meanwhile. */
function waitForSlot() {
  for (;;) {
    if (Atomics.load(state, CLOSED)) return false;
    const freed = Atomics.load(state, FREED);
    if (filled - freed < slots) return true;
    Atomics.wait(state, FREED, freed);
  }
}

/** Hands the present frame over when it is whole. */
function passOn() {
  if (have < frameHeaderBytes || missing() > 0) return;
  filled++;
  have = 0;
  slot = slotAt(filled);
  Atomics.store(state, FILLED, filled);
  Atomics.notify(state, FILLED);
}

function take(chunk) {
  for (let at = 0; at < chunk.length; ) {
    if (have === 0) waitForSlot();
    const bytes = Math.min(missing(), chunk.length - at);
    chunk.copy(slot, have, at, at + bytes);
    have += bytes;
    at += bytes;
    passOn();
  }
}

/**
 * Reads a pipe straight into the ring with blocking read(2). On a busy machine the kernel then switches
 * between writer and reader at once, which was ten times faster than waiting with epoll. `close` in
 * reader.ts can end a blocked read.
 */
function readBlocking() {
  for (;;) {
    if (have === 0 && !waitForSlot()) return;
    let bytes = 0;
    try {
      bytes = readSync(fd, slot, have, missing());
    } catch (error) {
      if (error.code !== 'EAGAIN') return finish(3, error.errno ?? 0);
      // Another process has made the pipe non-blocking.
      Atomics.wait(state, CLOSED, 0, 1);
      bytes = -1;
    }
    if (Atomics.load(state, CLOSED)) return;
    if (bytes > 0) {
      have += bytes;
      passOn();
    } else if (bytes === 0) return finish(have === 0 ? 1 : 2);
  }
}

if (blocking) readBlocking();
else {
  const source = fstatSync(fd).isFile()
    ? createReadStream('', { fd, highWaterMark: 1 << 20 })
    : new Socket({ fd, readable: true, writable: false });
  source.on('data', take);
  source.on('end', () => finish(have === 0 ? 1 : 2));
  source.on('error', (error) => finish(3, error.errno ?? 0));
}

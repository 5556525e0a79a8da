// Reads a stream of activations ahead into a ring on shared memory. Plain JavaScript: a worker is not compiled on the way in.
import { createReadStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';

const { fd, shared, slots, slotBytes, rowBytes, frameHeaderBytes, stateWords } = workerData;
const state = new Int32Array(shared, 0, stateWords);
// Words of the state, as in reader.ts: frames filled, frames freed, end (0 open, 1 whole, 2 in mid-frame, 3 error), error number.
const [FILLED, FREED, END, ERRNO] = [0, 1, 2, 3];

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

/** Bytes that the present frame still needs; a frame that claims too much is handed over as it is, for the reader to refuse. */
function missing() {
  if (have < frameHeaderBytes) return frameHeaderBytes - have;
  return Math.min(slotBytes, frameHeaderBytes + slot.readUInt32LE(4) * rowBytes) - have;
}

function take(chunk) {
  for (let at = 0; at < chunk.length; ) {
    // Waits for a free slot only when there is something to put in it.
    if (have === 0) {
      for (
        let freed = Atomics.load(state, FREED);
        filled - freed >= slots;
        freed = Atomics.load(state, FREED)
      ) {
        Atomics.wait(state, FREED, freed);
      }
    }
    const bytes = Math.min(missing(), chunk.length - at);
    chunk.copy(slot, have, at, at + bytes);
    have += bytes;
    at += bytes;
    if (have >= frameHeaderBytes && missing() <= 0) {
      filled++;
      have = 0;
      slot = slotAt(filled);
      Atomics.store(state, FILLED, filled);
      Atomics.notify(state, FILLED);
    }
  }
}

// Not readSync: a thread blocked in read(2) cannot be ended, and would keep the process alive.
const source = fstatSync(fd).isFile()
  ? createReadStream('', { fd, autoClose: false, highWaterMark: 1 << 20 })
  : new Socket({ fd, readable: true, writable: false });
source.on('data', take);
source.on('end', () => finish(have === 0 ? 1 : 2));
source.on('error', (error) => finish(3, error.errno ?? 0));

// One thread of the orthogonalisation: holds some slices of the dictionary and answers each Gram matrix with
// its slices' own.
import { parentPort, workerData } from 'node:worker_threads';
import { DictionarySlice } from './slice.ts';
import type { SliceTask } from './threads.ts';

if (!parentPort) throw new Error('slice-thread.ts runs on a worker thread');
const port = parentPort;
const { d, total, lr, slices } = workerData.task as SliceTask;
const held = slices.map((rows) => new DictionarySlice(rows, d));
let step = 0;

function grams(): void {
  port.postMessage({ grams: held.map((slice) => slice.ownGram()) });
}

port.on('message', (message: { gram: Float32Array; last: boolean }) => {
  step++;
  for (const slice of held) slice.step(message.gram, total, step, lr);
  if (!message.last) {
    grams();
    return;
  }
  held.forEach((slice, i) => {
    slice.read(slices[i]);
  });
  port.postMessage({ rows: slices });
  port.close();
});
grams();

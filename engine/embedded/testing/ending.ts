// A program that ends pools at every moment of their start, in which their threads load kernels in C. It says
// how many listen for the end of the process for a pool, and for one that is to be closed.
import { setTimeout } from 'node:timers/promises';
import { openNative } from '../../native/open.ts';
import { Pool } from '../pool.ts';

const native = openNative(new URL('../native/kernels.c', import.meta.url));
const before = process.listenerCount('exit');
const listeners = () => process.listenerCount('exit') - before;
for (let i = 0; i < 100; i++) {
  const pool = new Pool(4, { native });
  if (i === 0) process.stdout.write(`${listeners()} `);
  await setTimeout(10 + (i % 60));
  const closed = pool.close();
  if (i === 0) process.stdout.write(`${listeners()}`);
  await closed;
}

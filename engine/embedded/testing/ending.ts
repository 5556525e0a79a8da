// A program that ends pools at every moment of their start, in which their threads load kernels in C.
import { setTimeout } from 'node:timers/promises';
import { openNative } from '../../native/open.ts';
import { Pool } from '../pool.ts';

const native = openNative(new URL('../native/kernels.c', import.meta.url));
for (let i = 0; i < 100; i++) {
  const pool = new Pool(4, { native });
  await setTimeout(10 + (i % 60));
  await pool.close();
}

// Starts a TypeScript module on a worker thread: `--import tsx` does not reach threads.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);

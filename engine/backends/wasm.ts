import * as tf from '@tensorflow/tfjs-core';
import type { BackendModule } from '../backend.ts';

/** tfjs' own WebAssembly backend: dense kernels on one thread, the reference for the embedded backend. */
export const backend: BackendModule = {
  tfName: 'wasm',
  missing: () => null,
  async open() {
    const events = ['uncaughtException', 'unhandledRejection'] as const;
    const before = events.map((event) => [event, process.listeners(event as 'uncaughtException')] as const);
    await import('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend('wasm');
    // Emscripten's handlers rethrow, and Node then prints the minified module instead of the error's message.
    for (const [event, kept] of before) {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!kept.includes(listener)) process.removeListener(event, listener);
      }
    }
    return { detail: 'SIMD, 1 thread', gpu: false, form: 'plain' };
  },
};

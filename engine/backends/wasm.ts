import * as tf from '@tensorflow/tfjs-core';
import type { BackendModule } from '../backend.ts';

/** tfjs' own WebAssembly backend, with kernels of ours where it is slow. */
export const backend: BackendModule = {
  tfName: 'wasm',
  missing: () => null,
  async open(plain) {
    const events = ['uncaughtException', 'unhandledRejection'] as const;
    const before = events.map((event) => [event, process.listeners(event as 'uncaughtException')] as const);
    await import('@tensorflow/tfjs-backend-wasm');
    const { installWasmKernels } = await import('../kernels/wasm.ts');
    await tf.setBackend('wasm');
    // Emscripten's handlers rethrow, and Node then prints the minified module instead of the error's message.
    for (const [event, kept] of before) {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!kept.includes(listener)) process.removeListener(event, listener);
      }
    }
    if (!plain) installWasmKernels();
    return { detail: 'SIMD, 1 thread', gpu: false, form: 'kernels' };
  },
};

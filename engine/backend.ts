import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { goldenStep } from './golden-step.ts';
import { registerGradients } from './gradients.ts';

/** What runs the tensors: printed at the start of a run and recorded in its result. */
export interface Backend {
  name: BackendName;
  /** For a person: "tfjs 4.22.0 wasm (SIMD, 1 thread)". */
  label: string;
}

export const backendNames = ['wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/**
 * Starts the backend of that name and proves it by one golden step: forward, gradients and Adam on fixed numbers.
 * Nothing is switched silently: a backend that does not start, or computes something else, is an error.
 * @throws UserError for a name there is not.
 */
export async function openBackend(name: string = 'wasm'): Promise<Backend> {
  const known = backendNames.find((candidate) => candidate === name);
  if (!known) throw new UserError(`unknown backend "${name}"; there are: ${backendNames.join(', ')}`);
  if (known === 'wasm') await loadWasm();
  else await import('@tensorflow/tfjs-backend-cpu');
  const started = await tf.setBackend(known);
  if (!started || tf.getBackend() !== known) throw new Error(`the ${known} backend did not start`);
  registerGradients();
  goldenStep();
  const detail = known === 'wasm' ? ' (SIMD, 1 thread)' : ' (plain JavaScript)';
  return { name: known, label: `tfjs ${tf.version_core} ${known}${detail}` };
}

async function loadWasm(): Promise<void> {
  const before = (['uncaughtException', 'unhandledRejection'] as const).map(
    (event) => [event, process.listeners(event as 'uncaughtException')] as const,
  );
  await import('@tensorflow/tfjs-backend-wasm');
  const { installWasmKernels } = await import('./kernels/wasm.ts');
  await tf.setBackend('wasm');
  // Emscripten's handlers rethrow, and Node then prints the minified module instead of the error's message.
  for (const [event, kept] of before) {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!kept.includes(listener)) process.removeListener(event, listener);
    }
  }
  installWasmKernels();
}
